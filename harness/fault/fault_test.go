package fault_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

var accounts = []string{"alice", "bob"}

func newPair(t *testing.T) target.Pair {
	t.Helper()
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func inject(t *testing.T, p target.Pair, f fault.Fault) fault.Instance {
	t.Helper()
	instance, err := f.Inject(t.Context(), fault.Scene{Pair: p, On: target.Imap1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return instance
}

func look(t *testing.T, instance fault.Instance) fault.Report {
	t.Helper()
	report, err := instance.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func appendTo(t *testing.T, server target.Server, account, text string) {
	t.Helper()
	session, err := server.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := session.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte(text)}); err != nil {
		t.Fatal(err)
	}
}

func expunge(t *testing.T, server target.Server, account string, uid uint32) {
	t.Helper()
	session, err := server.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Expunge(t.Context(), "INBOX", []uint32{uid}); err != nil {
		t.Fatal(err)
	}
}

// wantDamage compares damage to messages as "kind account UID".
func wantDamage(t *testing.T, report fault.Report, want ...string) {
	t.Helper()
	got := []string{}
	for _, d := range report.Damage {
		if d.UID == 0 {
			continue // the server's or the account's
		}
		got = append(got, fmt.Sprintf("%s %s %d", d.Kind, d.Account, d.UID))
		if d.Server != target.Imap2 || d.GUID == "" {
			t.Errorf("damage without its place: %+v", d)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// failover kills imap1 and brings it up again apart, with imap2 as master.
func failover(t *testing.T, p target.Pair) {
	t.Helper()
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if err := p.Operator().Promote(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	if err := p.Operator().Rescue(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
}

func TestReplicationStopped(t *testing.T) {
	p := newPair(t)
	appendTo(t, p.Serving(), "alice", "kept")
	appendTo(t, p.Serving(), "bob", "expunged unseen")
	if err := p.Clock().Sleep(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	instance := inject(t, p, fault.ReplicationStopped{})
	report := look(t, instance)
	if !report.Evidence.Landed() || report.State != fault.Live {
		t.Errorf("right after it: %+v", report)
	}
	wantDamage(t, report, []string{}...)

	appendTo(t, p.Serving(), "alice", "lost")
	expunge(t, p.Serving(), "bob", 1)
	report = look(t, instance)
	wantDamage(t, report, "message-missing alice 2", "expunge-missing bob 1")
	if !strings.Contains(report.Evidence.Summary, "the sync log grew from 0 to ") {
		t.Errorf("the evidence does not speak of the log: %s", report.Evidence.Summary)
	}

	// Once the source is gone, the damage last seen is held against the server
	// that serves.
	failover(t, p)
	if report = look(t, instance); report.State != fault.Live {
		t.Errorf("after the promotion the damage is %s", report.State)
	}
	appendTo(t, p.Serving(), "alice", "lost")
	if report = look(t, instance); report.State != fault.Live {
		t.Error("half of a repair counts as all of it")
	}
	expunge(t, p.Serving(), "bob", 1)
	if report = look(t, instance); report.State != fault.Healed {
		t.Error("all that was lost is back, and the damage is not called healed")
	}
	wantDamage(t, report, "message-missing alice 2", "expunge-missing bob 1")
}

func TestReplicationThatGoesOnAgain(t *testing.T) {
	p := newPair(t)
	instance := inject(t, p, fault.ReplicationStopped{})
	appendTo(t, p.Serving(), "alice", "held up")
	wantDamage(t, look(t, instance), "message-missing alice 1")
	if _, err := p.Saboteur().Resume(t.Context(), target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	if err := p.Clock().Sleep(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	wantDamage(t, look(t, instance), []string{}...)
}

func TestReplicationStoppedWhereThereIsNone(t *testing.T) {
	p := newPair(t)
	_, err := fault.ReplicationStopped{}.Inject(t.Context(), fault.Scene{Pair: p, On: target.Imap2, Accounts: accounts})
	if err == nil || !strings.Contains(err.Error(), "sync_client on imap2") {
		t.Errorf("got %v", err)
	}
}

func TestProcessKilled(t *testing.T) {
	p := newPair(t)
	instance := inject(t, p, fault.ProcessKilled{})
	if report := look(t, instance); !report.Evidence.Landed() || report.State != fault.Live {
		t.Errorf("right after it: %+v", report)
	}
	if err := p.Operator().Start(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if report := look(t, instance); report.State != fault.Healed {
		t.Errorf("the server is up, and the fault is %s", report.State)
	}
}

func TestCatalogue(t *testing.T) {
	names := []string{}
	for _, f := range fault.All() {
		names = append(names, f.Name())
		if found, ok := fault.ByName(f.Name()); !ok || found != f || f.Doc() == "" {
			t.Errorf("ByName(%q) = %v, %v; doc %q", f.Name(), found, ok, f.Doc())
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Errorf("two faults of one name: %v", names)
	}
	if _, ok := fault.ByName("no-such"); ok {
		t.Error("ByName found a fault that does not exist")
	}
}

// Every fault says what it breaks, and every object is broken by one.
func TestEachFaultNamesWhatItBreaks(t *testing.T) {
	broken := map[fault.Object]bool{}
	for _, f := range fault.All() {
		object := f.Effects().Breaks
		if !slices.Contains(fault.Objects(), object) {
			t.Errorf("%s breaks %q, which is none of the objects", f.Name(), object)
		}
		broken[object] = true
	}
	for _, object := range fault.Objects() {
		if !broken[object] {
			t.Errorf("no fault breaks %s", object)
		}
	}
}
