package baseline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/detect/baseline"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

var accounts = []string{"alice", "bob"}

const (
	newRules = "require \"fileinto\";\r\nif header :contains \"subject\" \"bills\" { fileinto \"INBOX\"; }\r\n"
	oldRules = "keep;\r\n"
)

// furnished returns a simulated pair on which alice has mail, a quota and a script, all of
// it replicated.
func furnished(t *testing.T) target.Pair {
	t.Helper()
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
	must(t, err)
	must(t, p.Serving().User().SetQuota(t.Context(), "alice", 100_000))
	session, err := p.Serving().User().Login(t.Context(), "alice")
	must(t, err)
	for i := range 4 {
		message := target.AppendMessage{
			Flags: []string{`\Answered`, "$Work"},
			Body:  fmt.Appendf(nil, "Message-ID: <%d@drill.example>\r\nSubject: message %d\r\n\r\n%s\r\n", i, i, strings.Repeat("text ", 10*i+20)),
		}
		_, _, err := session.Append(t.Context(), "INBOX", message)
		must(t, err)
	}
	must(t, session.SetAnnotation(t.Context(), "INBOX", "/shared/comment", "hers"))
	must(t, session.Close())
	scripts, err := p.Serving().User().Scripts(t.Context(), "alice")
	must(t, err)
	must(t, scripts.Put(t.Context(), "rules", []byte(newRules)))
	must(t, scripts.Activate(t.Context(), "rules"))
	must(t, scripts.Close())
	must(t, target.WaitUntil(t.Context(), p.Clock(), 30*time.Second, "replication", func(ctx context.Context) (bool, string, error) {
		log, err := p.Serving().Host().SyncLog(ctx)
		return log.Pending() == 0, "", err
	}))
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, p target.Pair, d detect.Detector) []string {
	t.Helper()
	scene := detect.Scene{Clock: p.Clock(), Executor: p.Executor(), Accounts: accounts, Master: target.Imap1}
	for _, server := range p.Servers() {
		scene.Sides = append(scene.Sides, detect.LiveSide(server))
	}
	found, err := d.Detect(t.Context(), scene)
	if err != nil {
		t.Fatalf("%s: %v", d.Name(), err)
	}
	said := []string{}
	for _, f := range found {
		said = append(said, fmt.Sprintf("%s %s right: %s", f.Kind, f.Place, f.Right))
	}
	return said
}

// What each baseline makes of what the catalogue's faults do to a replica. What is not in
// a row it misses.
func TestWhatBaselinesSee(t *testing.T) {
	const (
		crc, status, user, printed = "baseline-sync-crc", "baseline-status", "baseline-sync-user", "baseline-reconstruct-n"
	)
	differs := []string{"mailbox-differs INBOX of alice on imap2 right: imap1"}
	behind := []string{"replica-behind alice on imap2 right: imap1"}
	unreadable := []string{"mailbox-unreadable INBOX of alice on imap2 right: "}
	missing := []string{"mailbox-missing INBOX of alice on imap2 right: imap1"}
	for name, want := range map[string]map[string][]string{
		"index-truncated":        {crc: missing, status: unreadable, user: behind, printed: unreadable},
		"flags-changed":          {crc: differs},
		"internaldate-changed":   {crc: differs},
		"guids-swapped":          {},
		"acl-changed":            {},
		"annotation-lost":        {},
		"quota-changed":          {},
		"script-stale":           {},
		"compiled-script-stale":  {},
		"message-file-flipped":   {},
		"message-file-truncated": {},
		"message-file-missing":   {printed: {"body-differs UID 4 in INBOX of alice on imap2 right: "}},
		"stray-message-file":     {printed: {"stray-file UID 14 in INBOX of alice on imap2 right: "}},
		"last-uid-low":           {status: {"last-uid-differs INBOX of alice on imap2 right: imap1"}},
	} {
		for i := range baseline.All(nil) {
			p := furnished(t)
			d := baseline.All(p.Operator())[i]
			t.Run(name+" by "+d.Name(), func(t *testing.T) {
				inject(t, p, name)
				wanted := want[d.Name()]
				if wanted == nil {
					wanted = []string{}
				}
				if diff := cmp.Diff(wanted, look(t, p, d)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func inject(t *testing.T, p target.Pair, name string) {
	t.Helper()
	f, ok := fault.ByName(name)
	if !ok {
		t.Fatalf("there is no fault %s", name)
	}
	instance, err := f.Inject(t.Context(), fault.Scene{
		Pair: p, On: target.Imap2, Accounts: accounts, Hurt: []string{"alice"},
		Mailboxes: []fault.ChosenMailbox{{Account: "alice", Mailbox: "INBOX", Pick: 7}},
		Scripts:   []fault.ChosenScript{{Account: "alice", Script: "rules", Source: []byte(oldRules)}},
	})
	must(t, err)
	report, err := instance.Look(t.Context())
	if err != nil || report.State != fault.Live || !report.Evidence.Landed() {
		t.Fatalf("%s: %+v, %v", name, report, err)
	}
}

func TestBaselinesAreSilentOnAPairThatIsWell(t *testing.T) {
	p := furnished(t)
	for _, d := range baseline.All(p.Operator()) {
		if found := look(t, p, d); len(found) > 0 {
			t.Errorf("%s found %q", d.Name(), found)
		}
	}
}

// Those that alter what they look at say so, and the others do not.
func TestBaselinesThatAlterSaySo(t *testing.T) {
	for i, d := range baseline.All(nil) {
		p := furnished(t)
		d = baseline.All(p.Operator())[i]
		name := "flags-changed" // which sync_client puts right
		if d.Name() == "baseline-reconstruct-n" {
			name = "index-record-damaged"
			if _, err := p.Saboteur().(target.IndexSaboteur).DamageRecord(t.Context(), target.Imap2, "alice", "INBOX"); err != nil {
				t.Fatal(err)
			}
		} else {
			inject(t, p, name)
		}
		before := filesOf(t, p)
		look(t, p, d)
		if altered := cmp.Diff(before, filesOf(t, p)) != ""; altered != baseline.Alters(d) {
			t.Errorf("%s on %s: altered %v, and it says %v", d.Name(), name, altered, baseline.Alters(d))
		}
	}
	if baseline.Alters(detect.IndexCompare{}) {
		t.Error("index-compare is called one that alters")
	}
}

func filesOf(t *testing.T, p target.Pair) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, server := range p.Servers() {
		files, err := server.Host().DataFiles(t.Context())
		must(t, err)
		for name, text := range files {
			all[string(server.Name())+" "+name] = text
		}
	}
	return all
}
