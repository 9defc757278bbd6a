package sim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func TestStoppedSyncClient(t *testing.T) {
	p := newPair(t, 1)
	evidence, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client")
	if err != nil || !evidence.Landed() {
		t.Fatalf("%+v, %v", evidence, err)
	}
	deliver(t, p.Serving(), "alice", "held up")
	pass(t, p, 72*time.Hour)
	log, err := p.Server(target.Imap1).Host().SyncLog(t.Context())
	if err != nil || !slices.Equal(log.Current.Entries, []string{"APPEND user.alice", "MAILBOX user.alice", "MAILBOX user.alice"}) || log.Bytes() == 0 {
		t.Errorf("the sync log: %+v, %v", log, err)
	}
	if got := inbox(t, p.Server(target.Imap2), "alice").LastUID; got != 0 {
		t.Errorf("the replica has LAST_UID %d", got)
	}
	processes, err := p.Server(target.Imap1).Host().Processes(t.Context())
	if err != nil || !slices.ContainsFunc(processes, func(q target.Process) bool { return q.Name == "sync_client" && q.State == target.ProcessStopped }) {
		t.Errorf("processes: %v, %v", processes, err)
	}
	if evidence, err = p.Saboteur().Resume(t.Context(), target.Imap1, "sync_client"); err != nil || !evidence.Landed() {
		t.Fatalf("%+v, %v", evidence, err)
	}
	pass(t, p, time.Second)
	wantEqual(t, p)
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap2, "sync_client"); err == nil {
		t.Error("a process that is not there was suspended")
	}
}

// The batch in work outlives the process and comes first when it is back.
func TestBatchInWorkSurvivesDeath(t *testing.T) {
	p := newPair(t, 1)
	deliver(t, p.Serving(), "alice", "in the batch")
	host := p.Server(target.Imap1).Host()
	log, err := host.SyncLog(t.Context()) // a look takes long enough for the batch to be taken
	for tries := 0; err == nil && len(log.InWork.Entries) == 0 && tries < 50; tries++ {
		deliver(t, p.Serving(), "alice", fmt.Sprint("more ", tries))
		log, err = host.SyncLog(t.Context())
	}
	if err != nil || len(log.InWork.Entries) == 0 {
		t.Fatalf("no batch was ever seen in work: %+v, %v", log, err)
	}
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if log, err = host.SyncLog(t.Context()); err != nil || log.Pending() == 0 {
		t.Fatalf("the log of the dead server: %+v, %v", log, err)
	}
	if err := p.Operator().Start(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	pass(t, p, time.Second)
	wantEqual(t, p)
}

// A batch that cannot be sent is tried again for ever. Days of that cost next to nothing,
// and it is tried anew as soon as anybody does anything.
func TestBatchThatCannotBeSentIsTriedAgain(t *testing.T) {
	p := newPair(t, 1)
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "held up")
	if _, err := p.Saboteur().(target.IndexSaboteur).TruncateIndex(t.Context(), target.Imap1, "alice", "INBOX"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Saboteur().Resume(t.Context(), target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	bailedOut := func() int { return strings.Count(strings.Join(p.Trace(), "\n"), "bailing out!") }
	pass(t, p, 3*24*time.Hour)
	first := bailedOut()
	if first < 60 || first > 70 {
		t.Errorf("in three days it was tried %d times, and logged so", first)
	}
	for range 20 {
		pass(t, p, time.Second)
	}
	if again := bailedOut() - first; again < 100 || again > 400 {
		t.Errorf("while somebody looked once a second, in 20 s it was tried %d times", again)
	}
	pass(t, p, 24*time.Hour)
	if _, err := p.Operator().Reconstruct(t.Context(), target.Imap1, "alice", "INBOX"); err != nil {
		t.Fatal(err)
	}
	pass(t, p, time.Second)
	wantEqual(t, p)
}

func TestReplicaThatIsDownIsCaughtUpLater(t *testing.T) {
	p := newPair(t, 1)
	if err := p.Operator().Stop(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "while it was down")
	pass(t, p, time.Minute)
	if log, err := p.Server(target.Imap1).Host().Syslog(t.Context()); err != nil || !strings.Contains(string(log), "retrying in") {
		t.Errorf("the syslog: %q, %v", log, err)
	}
	if err := p.Operator().Start(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	pass(t, p, 2*time.Second)
	wantEqual(t, p)
}

func TestKillPromoteRescue(t *testing.T) {
	p := newPair(t, 1)
	deliver(t, p.Serving(), "alice", "replicated")
	pass(t, p, time.Second)
	operator := p.Operator()
	for what, err := range map[string]error{
		"promoting beside a master that runs": operator.Promote(t.Context(), target.Imap2),
		"promoting the master":                operator.Promote(t.Context(), target.Imap1),
		"rescuing the serving server":         operator.Rescue(t.Context(), target.Imap1),
		"rescuing a replica that runs":        operator.Rescue(t.Context(), target.Imap2),
		"starting what is up":                 operator.Start(t.Context(), target.Imap1),
	} {
		if err == nil {
			t.Fatalf("%s was not refused", what)
		}
	}
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "lost")
	session := login(t, p.Serving(), "alice")
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	dead := p.Server(target.Imap1)
	var unreachable *target.UnreachableError
	for what, err := range map[string]error{
		"deliver":         dead.User().Deliver(t.Context(), "alice", message("x")),
		"login":           second(dead.User().Login(t.Context(), "alice")),
		"index":           second(dead.Index().Mailboxes(t.Context(), "alice")),
		"an open session": session.Expunge(t.Context(), "INBOX", []uint32{1}),
	} {
		if !errors.As(err, &unreachable) {
			t.Errorf("%s on a dead server: %v", what, err)
		}
	}
	if processes, err := dead.Host().Processes(t.Context()); err != nil || len(processes) != 0 {
		t.Errorf("processes of a dead server: %v, %v", processes, err)
	}

	if err := operator.Promote(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "new")
	if err := operator.Rescue(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	pass(t, p, time.Hour) // nothing may replicate any more
	old, now := inbox(t, dead, "alice"), inbox(t, p.Serving(), "alice")
	if p.Serving().Name() != target.Imap2 || len(old.Records) != 2 || len(now.Records) != 2 {
		t.Fatalf("the rescued store has %+v, the new master %+v", old.Records, now.Records)
	}
	if old.Records[1].UID != now.Records[1].UID || old.Records[1].GUID == now.Records[1].GUID {
		t.Errorf("the lost message's UID was not given to another: %+v, %+v", old.Records[1], now.Records[1])
	}
	if err := dead.User().Deliver(t.Context(), "alice", message("x")); err == nil {
		t.Error("a rescued server took mail")
	}
	if names, err := login(t, dead, "nobody").List(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("a login on a rescued server made %v, %v", names, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestResetFromEveryState(t *testing.T) {
	suspend := func(p *sim.Pair) error { return second(p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client")) }
	kill := func(p *sim.Pair) error { return second(p.Saboteur().KillServer(t.Context(), target.Imap1)) }
	promote := func(p *sim.Pair) error { return p.Operator().Promote(t.Context(), target.Imap2) }
	rescue := func(p *sim.Pair) error { return p.Operator().Rescue(t.Context(), target.Imap1) }
	for _, wreck := range [][]func(*sim.Pair) error{{}, {suspend}, {kill}, {kill, promote}, {suspend, kill, promote, rescue}} {
		p := newPair(t, 1)
		deliver(t, p.Serving(), "alice", "old")
		for _, step := range wreck {
			if err := step(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Reset(t.Context(), []string{"alice", "bob"}); err != nil {
			t.Fatal(err)
		}
		if got := inbox(t, p.Serving(), "alice"); p.Serving().Name() != target.Imap1 || got.LastUID != 0 {
			t.Errorf("after %d steps of ruin: %s serves, alice has %+v", len(wreck), p.Serving().Name(), got)
		}
		deliver(t, p.Serving(), "alice", "new")
		pass(t, p, time.Second)
		wantEqual(t, p)
	}
}

// An operation that a server dies amid is in doubt, and took effect or not.
func TestDeathAmidAnOperationLeavesItInDoubt(t *testing.T) {
	outcomes := map[string]int{}
	for seed := range uint64(200) {
		p := newPair(t, seed)
		session := login(t, p.Serving(), "alice")
		var appended error
		if err := p.Executor().Run(t.Context(),
			func(ctx context.Context) error {
				_, _, appended = session.Append(ctx, "INBOX", target.AppendMessage{Body: message("x")})
				return nil
			},
			func(ctx context.Context) error {
				if err := p.Clock().Sleep(ctx, time.Duration(seed%12)*time.Millisecond); err != nil {
					return err
				}
				return second(p.Saboteur().KillServer(ctx, target.Imap1))
			}); err != nil {
			t.Fatal(err)
		}
		if err := p.Operator().Start(t.Context(), target.Imap1); err != nil {
			t.Fatal(err)
		}
		took := inbox(t, p.Server(target.Imap1), "alice").LastUID == 1
		outcome := target.OutcomeOf(appended)
		if outcome == target.Acknowledged && !took || outcome == target.Refused && took {
			t.Errorf("seed %d: %s (%v), took effect: %v", seed, outcome, appended, took)
		}
		outcomes[fmt.Sprint(outcome, " ", took)]++
	}
	for _, want := range []string{"acknowledged true", "in-doubt true", "in-doubt false"} {
		if outcomes[want] == 0 {
			t.Errorf("never seen: %s; seen: %v", want, outcomes)
		}
	}
}
