package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func restoreBy(t *testing.T, file string, arguments ...string) comparison {
	t.Helper()
	c := command(t, append([]string{"restore", "--config", file}, arguments...)...)
	c.Dir = filepath.Dir(file)
	var out, complaints strings.Builder
	c.Stdout, c.Stderr = &out, &complaints
	_ = c.Run() // its exit status is looked at by the test
	return comparison{out.String(), complaints.String(), c.ProcessState.ExitCode()}
}

// mailIn is an account's mail in a mailbox: the numbers of messages in order of UID, with
// a mark where one is flagged.
func mailIn(t *testing.T, l *fieldtest.Lab, account, mailbox string) (all string) {
	t.Helper()
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		session, err := p.Serving().User().Login(ctx, account)
		if err != nil {
			return err
		}
		all, err = numbered(ctx, session, mailbox)
		return errors.Join(err, session.Close())
	})
	return all
}

func numbered(ctx context.Context, session target.Session, mailbox string) (string, error) {
	var all []string
	records, err := session.Records(ctx, mailbox)
	numbers, unread := session.Header(ctx, mailbox, "Subject", nil)
	for _, r := range records {
		number := numbers[r.UID]
		if slices.Contains(r.Flags, `\Flagged`) {
			number += "!"
		}
		all = append(all, number)
	}
	return strings.Join(all, " "), errors.Join(err, unread)
}

// scriptOf is the source of the script that runs for an account.
func scriptOf(t *testing.T, l *fieldtest.Lab, account string) (source string) {
	t.Helper()
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		scripts, err := p.Serving().User().Scripts(ctx, account)
		if err != nil {
			return err
		}
		text, err := scripts.Get(ctx, "rules")
		source = string(text)
		return errors.Join(err, scripts.Close())
	})
	return source
}

// aliceWorks is what a user does on the new master: a new message, an expunge and a flag.
func aliceWorks(ctx context.Context, user target.UserView) error {
	session, err := user.Login(ctx, "alice")
	if err != nil {
		return err
	}
	return errors.Join(user.Deliver(ctx, "alice", fieldtest.Mail("alice", 10)), session.Expunge(ctx, "INBOX", []uint32{3}),
		session.SetFlags(ctx, "INBOX", []uint32{4}, []string{`\Flagged`}, nil), session.Close())
}

// What the plan shows changes nothing, what it applies brings back what was lost and
// leaves what users have done since, and to apply it again does nothing. Where nothing
// tells which is the newer one, as of scripts, the serving server's stands.
func TestRestoreWhenUsersHaveWorkedSince(t *testing.T) {
	l := fieldtest.Open(t, "alice", "bob")
	l.Incident(t, aliceWorks, "alice", "bob")
	file := l.File(t, fieldtest.Apart()...)
	before := l.Data(t)
	shown := restoreBy(t, file, "--plan", "plan.json")
	if diff := cmp.Diff(before, l.Data(t)); diff != "" {
		t.Errorf("the plan alone changed something:\n%s", diff)
	}
	if shown.status != statusFail || shown.err != "" || !strings.Contains(shown.out, "\nplanned   imap1 to imap2: 12 actions to be done, 0 by hand; nothing was changed\nplan      plan.json\nrefused   --apply will be, as things are: nothing tells whether imap1 replicates") {
		t.Fatalf("%+v", shown)
	}
	refused := restoreBy(t, file, "--apply", "--plan", "plan.json")
	if diff := cmp.Diff(before, l.Data(t)); refused.status != statusSetup || refused.out != "" || diff != "" || !strings.HasSuffix(refused.err, "or say --replication-is-off if it is; nothing was touched\n") {
		t.Errorf("where nobody knows of replication: %+v%s", refused, diff)
	}
	done := restoreBy(t, file, "--apply", "--plan", "plan.json", "--replication-is-off", "--letters", "letters")
	if done.status != statusPass || !strings.Contains(done.out, "verdict   RESTORED: of 2 accounts 2 are restored and read back; 0 things to be done\n") ||
		!strings.HasPrefix(done.out, "alice     1 × copy, 2 × put-back, 1 × expunge, 1 × flag, 1 × remake, read back\n") {
		t.Errorf("%+v", done)
	}
	for at, want := range map[[2]string]string{
		{"alice", "INBOX"}: "2! 4! 5 10 7 6", {"alice", "INBOX/Work"}: "8", {"bob", "INBOX"}: "2! 3 4 5 6 7", {"bob", "INBOX/Work"}: "8",
	} {
		if got := mailIn(t, l, at[0], at[1]); got != want {
			t.Errorf("%s of %s has %q, want %q", at[1], at[0], got, want)
		}
	}
	if got := scriptOf(t, l, "bob"); got != "keep; # as it was\r\n" {
		t.Errorf("bob's script is %q", got)
	}
	after := l.Data(t)
	again := restoreBy(t, file, "--apply", "--plan", "plan.json", "--replication-is-off")
	anew := restoreBy(t, file, "--apply", "--journal", "second.jsonl", "--replication-is-off")
	if diff := cmp.Diff(after, l.Data(t)); again.status != statusPass || anew.status != statusPass || diff != "" {
		t.Errorf("again: %+v; planned anew: %+v%s", again, anew, diff)
	}
}

// A freeze that was taken before users worked tells all, whatever they have done since.
func TestRestoreByAFreezeFromBefore(t *testing.T) {
	l := fieldtest.Open(t, "alice", "bob")
	l.Incident(t, nil, "alice", "bob")
	file := l.File(t, fieldtest.Apart()...)
	if kept := restoreBy(t, file, "--freeze", "freeze.json", "--untouched"); kept.status != statusFail || kept.err != "" {
		t.Fatalf("%+v", kept)
	}
	l.Act(t, func(ctx context.Context, p *sim.Pair) error { return aliceWorks(ctx, p.Serving().User()) })
	claimed := restoreBy(t, file, "--untouched")
	if claimed.status != statusSetup || !strings.Contains(claimed.err, "cyrdrill: imap2 is not untouched: UID 6 in INBOX of alice is another message on imap2 than on imap1") {
		t.Errorf("a claim that is not so: %+v", claimed)
	}
	done := restoreBy(t, file, "--apply", "--freeze", "freeze.json", "--untouched", "--replication-is-off")
	if done.status != statusPass {
		t.Fatalf("%+v", done)
	}
	for account, want := range map[string]string{"alice": "2! 4! 5 10 7 6", "bob": "2! 3 4 5 6 7"} {
		if got := mailIn(t, l, account, "INBOX"); got != want {
			t.Errorf("%s has %q, want %q", account, got, want)
		}
		if got := scriptOf(t, l, account); got != "keep; # as it is\r\n" {
			t.Errorf("the script of %s is %q", account, got)
		}
	}
	compared := compareBy(t, file, "bob")
	for line := range strings.Lines(compared.out) {
		kind, _, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "            ")), ": ")
		if !strings.HasPrefix(line, "            ") {
			continue
		}
		_, rest, _ := strings.Cut(line, kind+": ")
		kind, _, _ = strings.Cut(rest, ": ")
		if !slices.Contains([]string{"uniqueid-differs", "uidvalidity-differs", "modseq-differs", "client-caches-wrong"}, kind) {
			t.Errorf("what both have differs in more than UIDs and what counts them: %s", line)
		}
	}
}

// A restore that is killed goes on by the same command and ends as one that was not; a
// second one at once is refused.
func TestRestoreGoesOn(t *testing.T) {
	accounts := []string{"alice", "bob", "carol", "dave", "erin", "frank"}
	l := fieldtest.Open(t, accounts...)
	l.Incident(t, nil, accounts...)
	file := l.File(t, fieldtest.Apart()...)
	journal := filepath.Join(filepath.Dir(file), "restore.jsonl")
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "waiting"), []byte("frank\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"restore", "--config", file, "--apply", "--replication-is-off", "--workers", "1", "--max-rate", "400", "--waiting", "waiting"}
	done := func() (count int, text []byte) {
		text, _ = os.ReadFile(journal) // it may not be there yet
		return strings.Count(string(text), `"done"`), text
	}
	for kills := range 3 {
		before, _ := done()
		c := command(t, arguments...)
		c.Dir = filepath.Dir(file)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		err := target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, "accounts in the journal", func(context.Context) (bool, string, error) {
			count, text := done()
			return count > max(before, 5*kills+2), string(text), nil // this one is at work
		})
		if err != nil {
			t.Error(err)
		}
		if kills == 0 {
			if second := restoreBy(t, file, arguments[3:]...); second.status != statusSetup || !strings.Contains(second.err, "another restore is at work with this journal") {
				t.Errorf("a second at once: %+v", second)
			}
		}
		if kills == 1 {
			err = c.Process.Signal(os.Interrupt)
		} else {
			err = c.Process.Kill()
		}
		if err != nil {
			t.Error(err)
		}
		_ = c.Wait()
		if status := c.ProcessState.ExitCode(); kills == 1 && status != statusInterrupted {
			t.Errorf("interrupted, it ends with status %d", status)
		}
	}
	text, err := os.ReadFile(journal)
	_, first, _ := strings.Cut(string(text), `"verified":"`)
	if err != nil || !strings.HasPrefix(first, `frank"`) {
		t.Errorf("frank waits, and first came %.20s: %v", first, err)
	}
	last := restoreBy(t, file, "--apply", "--replication-is-off")
	if last.status != statusPass || !strings.Contains(last.out, "verdict   RESTORED: of 6 accounts 6 are restored and read back; 0 things to be done\n") {
		t.Errorf("%+v", last)
	}
	for _, account := range accounts {
		if got := mailIn(t, l, account, "INBOX") + ", " + mailIn(t, l, account, "INBOX/Work"); got != "2! 3 4 5 6 7, 8" {
			t.Errorf("%s has %q", account, got)
		}
	}
}

func TestRestoreSaysInOneLineWhatIsWrong(t *testing.T) {
	l := fieldtest.Open(t, "alice")
	l.Incident(t, nil, "alice")
	file := l.File(t, fieldtest.Apart()...)
	folder := filepath.Dir(file)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if made := restoreBy(t, file, "--plan", "plan.json"); made.status != statusFail {
		t.Fatalf("%+v", made)
	}
	plan, err := os.ReadFile(filepath.Join(folder, "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	write("nonsense.json", strings.Replace(string(plan), `"act": "put-back"`, `"act": "destroy"`, 1))
	write("cut.json", string(plan[:len(plan)/2]))
	write("another.jsonl", `{"apiVersion":"cyrdrill.journal/v1","plan":"sha256:00","run":"copy-missing, a to b","actions":3}`+"\n")
	write("garbage.jsonl", "hello\n")
	write("freeze.json", "{}")
	write("restore-without-plan.jsonl", `{"apiVersion":"cyrdrill.journal/v1"}`)
	apply := []string{"--apply", "--plan", "plan.json", "--replication-is-off"}
	before := l.Data(t)
	for _, test := range []struct {
		name      string
		arguments []string
		prepare   func()
		status    int
		want      string
	}{
		{"an account that nobody has", []string{"alcie"}, nil, statusSetup, `neither server has an account "alcie"; to mend it: did you mean "alice"?`},
		{"a restorer that is none", []string{"--only", "copy-all"}, nil, statusSetup, `no such restorer: "copy-all"; known: rebuild-mailboxes`},
		{"restorers that do not go together", []string{"--only", "rebuild-mailboxes,copy-missing"}, nil, statusSetup, "rebuild-mailboxes goes alone"},
		{"a policy that is none", []string{"--policy", "hope"}, nil, statusSetup, "--policy must be one of"},
		{"a plan that was made", []string{"--plan", "plan.json"}, nil, statusSetup, "plan.json is there already; to mend it: say --apply"},
		{"a plan that was not", []string{"--apply", "--plan", "plna.json"}, nil, statusSetup, "reading the plan: open plna.json: no such file or directory"},
		{"a plan with a policy of its own", append(slices.Clone(apply), "--policy", "ask"), nil, statusSetup, "a plan that is carried out has its accounts, restorers and policy"},
		{"a plan that was edited", []string{"--apply", "--plan", "nonsense.json"}, nil, statusSetup, `destroy: act "destroy" is nothing that a restore does`},
		{"half a plan", []string{"--apply", "--plan", "cut.json"}, nil, statusSetup, "cut.json:"},
		{"another run's journal", append(slices.Clone(apply), "--journal", "another.jsonl"), nil, statusSetup, "another.jsonl:1: it is the journal of another plan"},
		{"a journal that is none", append(slices.Clone(apply), "--journal", "garbage.jsonl"), nil, statusSetup, "garbage.jsonl:1: it is no journal of a restore"},
		{"a journal without its plan", []string{"--apply", "--journal", "restore-without-plan.jsonl", "--replication-is-off"}, nil, statusSetup, "restore-without-plan.jsonl is there, and the plan that it is the journal of is not"},
		{"a full disk", append(slices.Clone(apply), "--journal", "/dev/full"), nil, statusSetup, "/dev/full: it is no regular file"},
		{"a freeze that is none", []string{"--freeze", "freeze.json"}, nil, statusSetup, "freeze.json is no freeze, or not a whole one"},
		{"workers that are none", []string{"--workers", "0"}, nil, statusSetup, "--workers 0: one is the least"},
		{"a pair", nil, func() { l.File(t) }, statusSetup, "imap1 is a master and imap2 a replica, and a restore goes from one that is rescued to the one that serves"},
		{"the same server twice", nil, func() {
			l.File(t, append(fieldtest.Apart(), l.Address(target.Imap2, "imap"), l.Address(target.Imap1, "imap"))...)
		}, statusSetup, "imap1 and imap2 are the same server"},
		{"a certificate that nobody vouches for", nil, func() {
			l.File(t, append(fieldtest.Apart(), "imap: "+l.Address(target.Imap1, "imap"), "imap: {address: "+l.Secure(t, target.Imap1, "imap", field.Implicit, l.Certificate(t))+", tls: implicit}")...)
		}, statusSetup, "does not verify: x509: certificate signed by unknown authority"},
		{"TLS where there is none", nil, func() { l.File(t, append(fieldtest.Apart(), "mode: none", "mode: implicit")...) }, statusSetup, "does not begin with TLS"},
		{"a wrong password", apply, func() { l.File(t, fieldtest.Apart()...); l.Keep(t, "guessed") }, statusSetup, `does not let "cyrus" in: NO Authentication failed; mend admin or password`},
		{"a server that is down", apply, func() {
			l.Keep(t, fieldtest.Password)
			l.Act(t, func(ctx context.Context, p *sim.Pair) error {
				_, err := p.Saboteur().KillServer(ctx, target.Imap2)
				return err
			})
		}, statusUnknown, "cyrdrill: imap2: imap not reachable: "},
	} {
		if test.prepare != nil {
			test.prepare()
		}
		got := restoreBy(t, file, test.arguments...)
		if got.status != test.status || !strings.Contains(got.err, test.want) || got.out != "" || strings.Count(got.err, "\n") != 1 || strings.Contains(got.err, "guessed") {
			t.Errorf("%s: %+v, want status %d and %q", test.name, got, test.status, test.want)
		}
	}
	l.Act(t, func(ctx context.Context, p *sim.Pair) error { return p.Operator().Start(ctx, target.Imap2) })
	if diff := cmp.Diff(before, l.Data(t)); diff != "" {
		t.Error(fmt.Sprint("something was touched:\n", diff))
	}
}
