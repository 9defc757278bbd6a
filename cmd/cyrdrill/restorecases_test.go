package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/planfile"
	"github.com/cyrdrill/cyrdrill/harness/salvage"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// What has to be rebuilt is an administrator's where nobody may operate: the command is
// told, and all else is restored.
func TestRestoreLeavesWhatNeedsHands(t *testing.T) {
	l := fieldtest.Open(t, "alice", "bob", "carol")
	l.Incident(t, nil, "alice", "bob", "carol")
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, cut := p.Saboteur().(target.IndexSaboteur).TruncateIndex(ctx, target.Imap2, "alice", "INBOX")
		_, removed := p.Saboteur().(target.ListSaboteur).RemoveEntry(ctx, target.Imap2, "carol", "INBOX")
		return errors.Join(cut, removed)
	})
	file := l.File(t, fieldtest.Apart()...)
	const command = "cyrus reconstruct user/alice (on imap2, as Cyrus's user)"
	if rebuild := restoreBy(t, file, "--only", "rebuild-mailboxes"); rebuild.status != statusFail || !strings.Contains(rebuild.out, "why: by hand: "+command) || !strings.Contains(rebuild.out, ": 0 actions to be done, 2 by hand;") {
		t.Errorf("%+v", rebuild)
	}
	done := restoreBy(t, file, "--apply", "--replication-is-off")
	if done.status != statusFail || !strings.Contains(done.out, "\nby hand   alice: "+command+", and plan anew; it cannot be opened: ") || !strings.Contains(done.out, "\nverdict   LEFT: ") {
		t.Errorf("%+v", done)
	}
	if !strings.Contains(done.out, "\nby hand   carol: imap2 does not have the account; make it there as administrator (cyradm: createmailbox user/carol), and plan anew\n") {
		t.Errorf("of an account that is not there: %s", done.out)
	}
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		names, err := p.Serving().User().Accounts(ctx)
		if slices.Contains(names, "carol") {
			t.Error("somebody was logged in who has no INBOX")
		}
		return err
	})
	if got := mailIn(t, l, "bob", "INBOX"); got != "2! 3 4 5 6 7" {
		t.Errorf("bob has %q", got)
	}
}

// What a plan has forgotten, by whoever's fault, is seen when it has been carried out.
func TestRestoreTellsWhatAPlanHasForgotten(t *testing.T) {
	l := fieldtest.Open(t, "alice")
	l.Incident(t, nil, "alice")
	file := l.File(t, fieldtest.Apart()...)
	restoreBy(t, file, "--plan", "plan.json")
	path := filepath.Join(filepath.Dir(file), "plan.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := planfile.Read(path, text)
	if err != nil {
		t.Fatal(err)
	}
	plan.Actions = slices.DeleteFunc(plan.Actions, func(a restore.Action) bool { return (a.Act == restore.Copy || a.Act == restore.PutBack) && a.UID == 6 })
	if err := salvage.WriteFile(path, func(w io.Writer) error { return planfile.Write(w, plan) }); err != nil {
		t.Fatal(err)
	}
	done := restoreBy(t, file, "--apply", "--plan", "plan.json", "--replication-is-off")
	if done.status != statusFail || strings.Count(done.out, "\nforgotten ") != 1 || !strings.Contains(done.out, "\nforgotten UID 6 ") || !strings.Contains(done.out, "\nverdict   LEFT: of 1 account 1 are restored and read back; 1 thing to be done\n") {
		t.Errorf("%+v", done)
	}
}

// A mailbox that was made on both servers has messages of both, and one that was rebuilt
// since the servers parted gets what it lacks, and the flags that were lost with its index.
func TestRestoreIntoMailboxesMadeOrRebuiltSince(t *testing.T) {
	l := fieldtest.Open(t, "alice", "bob")
	l.Incident(t, func(ctx context.Context, user target.UserView) error {
		session, err := user.Login(ctx, "alice")
		if err != nil {
			return err
		}
		if err = session.CreateMailbox(ctx, "INBOX/Work"); err == nil {
			_, _, err = session.Append(ctx, "INBOX/Work", target.AppendMessage{Body: fieldtest.Mail("alice", 11)})
		}
		return errors.Join(err, session.Close(), user.Deliver(ctx, "bob", fieldtest.Mail("bob", 10)))
	}, "alice", "bob")
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		if _, err := p.Saboteur().(target.IndexSaboteur).TruncateIndex(ctx, target.Imap2, "bob", "INBOX"); err != nil {
			return err
		}
		_, err := p.Operator().Reconstruct(ctx, target.Imap2, "bob", "INBOX")
		return err
	})
	done := restoreBy(t, l.File(t, fieldtest.Apart()...), "--apply", "--replication-is-off")
	got := []string{mailIn(t, l, "alice", "INBOX/Work"), mailIn(t, l, "bob", "INBOX")}
	if diff := cmp.Diff([]string{"11 8", "2! 3 4 5 10 6 7"}, got); done.status != statusPass || diff != "" {
		t.Errorf("%+v%s", done, diff)
	}
}

// Of a message that nobody can tell about, the policy decides, and its user gets a letter.
func TestRestoreAsksOrPutsBack(t *testing.T) {
	l := fieldtest.Open(t, "alice", "bob")
	l.Incident(t, func(ctx context.Context, user target.UserView) error {
		session, err := user.Login(ctx, "alice")
		if err != nil {
			return err
		}
		return errors.Join(session.Expunge(ctx, "INBOX", []uint32{3}), session.Close())
	}, "alice", "bob")
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Operator().Expire(ctx, target.Imap2) // and with it what told of the expunge
		return err
	})
	file := l.File(t, fieldtest.Apart()...)
	asked := restoreBy(t, file, "--apply", "--replication-is-off", "--policy", "ask", "--letters", "letters", "--journal", "ask.jsonl")
	if asked.status != statusFail || !strings.Contains(asked.out, "\nletter    letters/alice.txt\nletter    letters/questions.tsv\n") {
		t.Errorf("%+v", asked)
	}
	letter, err := os.ReadFile(filepath.Join(filepath.Dir(file), "letters", "alice.txt"))
	if err != nil || !strings.Contains(string(letter), "1 message (in INBOX) you may have deleted, or we may have lost. We have not put it back yet.") {
		t.Errorf("%v\n%s", err, letter)
	}
	questions, err := os.ReadFile(filepath.Join(filepath.Dir(file), "letters", "questions.tsv"))
	if err != nil || !strings.HasPrefix(string(questions), "alice\tINBOX\t3\t") || strings.Count(string(questions), "\n") != 1 {
		t.Errorf("%v\n%s", err, questions)
	}
	if got := mailIn(t, l, "alice", "INBOX"); got != "2! 4 5 6 7" {
		t.Errorf("asked about, alice has %q", got)
	}
	back := restoreBy(t, file, "--apply", "--replication-is-off", "--journal", "back.jsonl")
	if got := mailIn(t, l, "alice", "INBOX"); back.status != statusPass || got != "2! 4 5 6 7 3" {
		t.Errorf("put back, alice has %q: %+v", got, back)
	}
}

// A server that vanishes amid a restore is waited for; when it does not come back nothing
// is known, and with it there again the same command goes on.
func TestRestoreOutlivesAServerThatVanishes(t *testing.T) {
	t.Parallel()
	accounts := []string{"alice", "bob", "carol"}
	l := fieldtest.Open(t, accounts...)
	l.Incident(t, nil, accounts...)
	file := l.File(t, fieldtest.Apart()...)
	folder := filepath.Dir(file)
	c := command(t, "restore", "--config", file, "--apply", "--replication-is-off", "--workers", "1", "--max-rate", "400")
	c.Dir = folder
	var out, complaints strings.Builder
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	err := target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, "a first account in the journal", func(context.Context) (bool, string, error) {
		text, _ := os.ReadFile(filepath.Join(folder, "restore.jsonl")) // it may not be there yet
		return strings.Contains(string(text), `"done"`), string(text), nil
	})
	if err != nil {
		t.Error(err)
	}
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().KillServer(ctx, target.Imap2)
		return err
	})
	_ = c.Wait()
	if c.ProcessState.ExitCode() != statusUnknown || !strings.Contains(complaints.String(), "cyrdrill: a server has gone: restoring ") || !strings.HasSuffix(complaints.String(), "; the same command goes on from there\n") {
		t.Errorf("status %d: %s%s", c.ProcessState.ExitCode(), out.String(), complaints.String())
	}
	l.Act(t, func(ctx context.Context, p *sim.Pair) error { return p.Operator().Start(ctx, target.Imap2) })
	if done := restoreBy(t, file, "--apply", "--replication-is-off"); done.status != statusPass {
		t.Errorf("%+v", done)
	}
	got := map[string]string{}
	for _, account := range accounts {
		got[account] = mailIn(t, l, account, "INBOX")
	}
	const all = "2! 3 4 5 6 7"
	if diff := cmp.Diff(map[string]string{"alice": all, "bob": all, "carol": all}, got); diff != "" {
		t.Error(diff)
	}
}

// digests are the parts of a plan that no two runs have alike: mail has the time at which
// it came in its headers.
var digests = regexp.MustCompile(`\([0-9a-f]{8}\)`)

// The guide's own commands, on the simulator's sockets.
func TestRestoreGuide(t *testing.T) {
	_, g := readPage(t)
	l := fieldtest.Open(t, "alice", "bob")
	l.Incident(t, aliceWorks, "alice", "bob")
	folder := filepath.Dir(l.File(t, fieldtest.Apart()...))
	for i, line := range g.commands {
		got := shell(t, folder, line)
		want, printed := digests.ReplaceAllString(g.printed[i], "…"), digests.ReplaceAllString(got.out, "…")
		if diff := cmp.Diff(want, printed); got.status != []int{statusFail, statusPass, statusPass}[i] || diff != "" {
			t.Errorf("%s: status %d: %s%s\n%s", line, got.status, got.err, diff, got.out)
		}
	}
}
