package detect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// furnished returns a simulated pair on which alice has all that a fault can take away,
// and bob has seen some of her mail; all of it replicated.
func furnished(t *testing.T) target.Pair {
	t.Helper()
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	furnish(t, p)
	return p
}

func furnish(t *testing.T, p target.Pair) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	master := p.Serving()
	must(master.User().SetQuota(t.Context(), "alice", 100_000))
	alice, err := master.User().Login(t.Context(), "alice")
	must(err)
	must(alice.CreateMailbox(t.Context(), "INBOX/Work"))
	for i := range 4 {
		message := target.AppendMessage{
			Flags: []string{`\Answered`, "$Work"},
			Body:  fmt.Appendf(nil, "Message-ID: <%d@drill.example>\r\nSubject: message %d\r\n\r\n%s\r\n", i, i, strings.Repeat("text ", 10*i+20)),
		}
		for _, mailbox := range []string{"INBOX", "INBOX/Work"} {
			_, _, err := alice.Append(t.Context(), mailbox, message)
			must(err)
		}
	}
	must(alice.Expunge(t.Context(), "INBOX", []uint32{2}))
	must(alice.SetACL(t.Context(), "INBOX", "bob", "lrs"))
	must(alice.Close())
	bob, err := master.User().Login(t.Context(), "bob")
	must(err)
	must(bob.SetFlags(t.Context(), "user/alice", []uint32{1, 3}, []string{`\Seen`}, nil))
	_, _, err = bob.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("Subject: bob's\r\n\r\nHis.\r\n")})
	must(err)
	must(bob.Close())
	store(t, master, newRules)
	must(target.WaitUntil(t.Context(), p.Clock(), 30*time.Second, "replication", func(ctx context.Context) (bool, string, error) {
		log, err := master.Host().SyncLog(ctx)
		return log.Pending() == 0, fmt.Sprint(log.Pending()), err
	}))
}

// breakBy injects a fault of the catalogue.
func breakBy(t *testing.T, p target.Pair, name string, on target.ServerName, hurt string) {
	t.Helper()
	f, ok := fault.ByName(name)
	if !ok {
		t.Fatalf("there is no fault %s", name)
	}
	instance, err := f.Inject(t.Context(), fault.Scene{
		Pair: p, On: on, Accounts: accounts, Hurt: []string{hurt},
		Mailboxes: []fault.ChosenMailbox{{Account: "alice", Mailbox: "INBOX", Pick: 7}},
		Scripts:   []fault.ChosenScript{{Account: "alice", Script: "rules", Source: []byte(oldRules)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, instance, fault.Live)
}

// claimCase is a fault of the catalogue, and what a detector has to find of it.
type claimCase struct {
	fault    string
	on       target.ServerName
	hurt     string // the account that is hurt, where it is not alice
	detector string
	want     []string // as brief says it
}

func claimCases() []claimCase {
	both := func(fault, detector string, want func(target.ServerName) []string) []claimCase {
		return []claimCase{
			{fault: fault, on: target.Imap1, detector: detector, want: want(target.Imap1)},
			{fault: fault, on: target.Imap2, detector: detector, want: want(target.Imap2)},
		}
	}
	at := func(format string) func(target.ServerName) []string {
		return func(on target.ServerName) []string {
			return strings.Split(strings.ReplaceAll(strings.ReplaceAll(format, "OTHER", string(on.Other())), "HERE", string(on)), "; ")
		}
	}
	var cases []claimCase
	unreadable := at("mailbox-unreadable INBOX of alice on HERE right: ")
	for _, name := range []string{
		"index-truncated", "index-header-flipped", "index-zeroed", "index-deleted", "mailbox-header-deleted", "mailbox-folder-lost",
	} {
		cases = append(cases, both(name, "access", unreadable)...)
		cases = append(cases, both(name, "log-watch", unreadable)...)
	}
	cases = append(cases, both("index-record-damaged", "access", unreadable)[0])
	for _, of := range [][2]string{
		{"script-missing", "script-stale"},
		{"active-link-missing", "compiled-script-missing"},
		{"script-stale", "script-stale"},
		{"script-empty", "script-stale"},
		{"compiled-script-stale", "compiled-script-stale"},
		{"compiled-script-older", "compiled-script-stale"},
		{"compiled-script-missing", "compiled-script-missing"},
	} {
		cases = append(cases, both(of[0], "script-compare", at(of[1]+` script "rules" of alice on HERE right: `))...)
	}
	differs := `script-differs script "rules" of alice on imap2 right: imap1`
	cases = append(cases, both("other-script-active", "script-compare", at(differs+`; script-differs script "other" of alice on imap2 right: imap1`))...)
	cases = append(cases, both("script-deactivated", "script-compare", at(differs))...)
	cases = append(cases, both("script-deleted", "script-compare", at(differs))...)
	cases = append(cases, both("last-uid-low", "index-compare", at("last-uid-differs INBOX of alice on HERE right: OTHER"))...)
	cases = append(cases, both("last-uid-low", "status-compare", at("last-uid-differs INBOX of alice on HERE right: OTHER"))...)
	cases = append(cases, both("modseq-changed", "status-compare", at("modseq-differs INBOX of alice on imap2 right: imap1"))...)
	cases = append(cases, both("quota-changed", "index-compare", at("quota-differs alice on imap2 right: imap1"))...)
	return append(cases, []claimCase{
		{"seen-deleted", target.Imap2, "bob", "index-compare", []string{"seen-differs user/alice of bob on imap2 right: imap1"}},
		{"seen-deleted", target.Imap1, "bob", "index-compare", []string{"seen-differs user/alice of bob on imap2 right: imap1"}},
		{"seen-truncated", target.Imap2, "bob", "access", []string{"mailbox-unreadable user/alice of bob on imap2 right: "}},
		{"seen-truncated", target.Imap1, "bob", "access", []string{"mailbox-unreadable user/alice of bob on imap1 right: "}},
		{"mailbox-entry-lost", target.Imap2, "", "list-compare", []string{"mailbox-missing INBOX of alice on imap2 right: imap1"}},
		{"mailbox-entry-lost", target.Imap1, "", "list-compare", []string{"mailbox-missing INBOX of alice on imap1 right: "}},
		{"mailbox-entry-lost", target.Imap2, "", "status-compare", []string{"mailbox-missing INBOX of alice on imap2 right: imap1"}},
		{"mailbox-list-emptied", target.Imap2, "", "list-compare", []string{"account-missing alice on imap2 right: imap1", "account-missing bob on imap2 right: imap1"}},
		{"mailbox-list-emptied", target.Imap1, "", "list-compare", []string{"account-missing alice on imap1 right: ", "account-missing bob on imap1 right: "}},
		{"sync-reset-wrong-side", target.Imap1, "", "list-compare", []string{"account-missing alice on imap1 right: ", "account-missing alice on imap2 right: "}},
		{"sync-client-killed", target.Imap1, "", "crash-watch", []string{"process-crashed imap1 right: "}},
		{"sync-client-given-up", target.Imap1, "", "log-watch", []string{"replication-stopped imap1 right: ", "process-crashed imap1 right: "}},
		{"out-of-memory", target.Imap1, "", "crash-watch", []string{"process-crashed imap1 right: "}},
		{"index-record-damaged", target.Imap1, "", "crash-watch", []string{"process-crashed imap1 right: "}},
		{"index-record-damaged", target.Imap1, "", "log-watch", []string{"replication-stopped imap1 right: "}},
	}...)
}

// Each claim is shown by a fault that makes it come true: the detector that has it finds
// what the fault did, says where, and which side is right where the evidence decides it.
func TestDetectorsFindWhatTheyClaim(t *testing.T) {
	for _, tc := range claimCases() {
		t.Run(fmt.Sprintf("%s on %s by %s", tc.fault, tc.on, tc.detector), func(t *testing.T) {
			tc.check(t, furnished(t))
		})
	}
}

// check breaks a pair, and lets the detector look.
func (tc claimCase) check(t *testing.T, p target.Pair) {
	t.Helper()
	hurt := "alice"
	if tc.hurt != "" {
		hurt = tc.hurt
	}
	breakBy(t, p, tc.fault, tc.on, hurt)
	if tc.detector == "log-watch" && slices.ContainsFunc(tc.want, func(want string) bool { return strings.HasPrefix(want, "mailbox-unreadable") }) {
		open(t, p.Server(tc.on)) // it is logged when somebody stumbles over it
	}
	d, _ := detect.ByName(tc.detector)
	found, err := look(t.Context(), p, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range tc.want {
		if !slices.Contains(brief(found), want) {
			t.Errorf("%s did not find %q, but %q", tc.detector, want, brief(found))
		}
	}
}

// open tries to open alice's INBOX.
func open(t *testing.T, server target.Server) {
	t.Helper()
	session, err := server.User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.Records(t.Context(), "INBOX"); err == nil {
		t.Error("the mailbox can be opened")
	}
}

// On a pair that is well no detector finds anything, and none changes anything, however
// much it has to look at.
func TestNoDetectorAlarmsOnAPairThatIsWell(t *testing.T) {
	p := furnished(t)
	before := filesOf(t, p)
	found, err := look(t.Context(), p, detect.All()...)
	if err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
	for name, text := range filesOf(t, p) {
		if before[name] != text {
			t.Errorf("%s was %q before any detector looked, and is %q", name, before[name], text)
		}
	}
}

func filesOf(t *testing.T, p target.Pair) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, server := range p.Servers() {
		files, err := server.Host().DataFiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			all[string(server.Name())+" "+name] = text
		}
	}
	return all
}
