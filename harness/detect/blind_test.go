package detect_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

// hidden is a server whose machine nobody can look at.
type hidden struct{ target.Server }

func (h hidden) Host() target.HostView { return hiddenHost{} }

type hiddenHost struct{ target.HostView }

var errHidden = &target.UnsupportedError{Target: "imap1", What: "view of its machine", Why: "nobody may"}

func (hiddenHost) SyncLog(context.Context) (target.SyncLog, error) {
	return target.SyncLog{}, errHidden
}

func (hiddenHost) Processes(context.Context) ([]target.Process, error) { return nil, errHidden }

func (hiddenHost) CompiledScripts(context.Context, string) ([]target.CompiledScript, error) {
	return nil, errHidden
}

// withoutHosts are the detectors that need no look at a machine.
func withoutHosts() []detect.Detector {
	return []detect.Detector{
		detect.StatusCompare{}, detect.ListCompare{}, detect.IndexCompare{}, detect.BodyCompare{}, detect.ScriptCompare{}, detect.Access{},
		detect.Monitor{},
	}
}

func hiddenScene(p target.Pair, accounts []string) detect.Scene {
	scene := detect.Scene{Clock: p.Clock(), Executor: p.Executor(), Accounts: accounts, Master: target.Imap1}
	for _, server := range p.Servers() {
		scene.Sides = append(scene.Sides, detect.LiveSide(hidden{server}))
	}
	return scene
}

// That lag heals is seen without the sync log as well, by what arrives.
func TestLagIsNoFindingWhereNobodySeesTheLog(t *testing.T) {
	crowd := []string{"alice", "bob"}
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 3, Accounts: crowd})
	if err != nil {
		t.Fatal(err)
	}
	users := traffic.NewUsers(p, traffic.NewLedger(nil), 1)
	end := p.Clock().Now().Add(time.Minute)
	work := func(ctx context.Context) error {
		for n := 0; p.Clock().Now().Before(end); n++ {
			if _, err := users.Work(ctx, crowd[n%len(crowd):n%len(crowd)+1], 1, nil); err != nil {
				return err
			}
			if err := p.Clock().Sleep(ctx, 30*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	}
	looks := 0
	watch := func(ctx context.Context) error {
		for ; p.Clock().Now().Before(end); looks++ {
			for _, d := range withoutHosts() {
				found, err := d.Detect(ctx, hiddenScene(p, crowd))
				if err != nil {
					return fmt.Errorf("%s: %w", d.Name(), err)
				}
				for _, f := range found {
					t.Errorf("a false alarm of %s: %s", d.Name(), f)
				}
			}
		}
		return nil
	}
	if err := p.Executor().Run(t.Context(), work, watch); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rounds of looks", looks)
}

// What never arrives is found all the same, and of scripts all but the bytecode.
func TestDamageIsFoundWhereNobodySeesTheMachine(t *testing.T) {
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 3, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	session, err := p.Serving().User().Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Put(t.Context(), "rules", []byte("keep;\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := session.Activate(t.Context(), "rules"); err != nil {
		t.Fatal(err)
	}
	if err := p.Clock().Sleep(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	look := func(d detect.Detector) []string {
		t.Helper()
		found, err := d.Detect(t.Context(), hiddenScene(p, []string{"alice"}))
		if err != nil {
			t.Fatal(err)
		}
		return brief(found)
	}
	if diff := cmp.Diff([]string{}, look(detect.ScriptCompare{})); diff != "" {
		t.Errorf("scripts that are well:\n%s", diff)
	}
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	if err := p.Serving().User().Deliver(t.Context(), "alice", []byte("Subject: lost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"replica-behind alice on imap2 right: imap1"}, look(detect.Monitor{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"message-missing UID 1 in INBOX of alice on imap2 right: imap1"}, look(detect.IndexCompare{})); diff != "" {
		t.Error(diff)
	}
}

// Whoever looks at some of the accounts is told of no others.
func TestPartOfTheAccounts(t *testing.T) {
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 3, Accounts: []string{"alice", "bob"}})
	if err != nil {
		t.Fatal(err)
	}
	scene := hiddenScene(p, []string{"nobody"})
	scene.Partial = true
	found, err := detect.ListCompare{}.Detect(t.Context(), scene)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"account-missing nobody on imap1 right: ", "account-missing nobody on imap2 right: "}, brief(found)); diff != "" {
		t.Error(diff)
	}
}

// Of what somebody has seen of others' mail it matters whose mailbox that is, also where
// its owner is looked at by somebody else.
func TestPartOfTheAccountsAndOthersMail(t *testing.T) {
	p := furnished(t)
	breakBy(t, p, "seen-deleted", target.Imap2, "bob")
	scene := sceneOf(p, []string{"bob"})
	scene.Partial = true
	found, err := detect.IndexCompare{}.Detect(t.Context(), scene)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"seen-differs user/alice of bob on imap2 right: imap1"}, brief(found)); diff != "" {
		t.Error(diff)
	}
}
