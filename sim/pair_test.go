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

func newPair(t testing.TB, seed uint64) *sim.Pair {
	t.Helper()
	p, err := sim.NewPair(t.Context(), target.Spec{Seed: seed, Accounts: []string{"alice", "bob"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func message(text string) []byte {
	return []byte("Message-ID: <" + text + "@test.example>\r\nX-Marker: " + text + "\r\n\r\n" + text + "\r\n")
}

func deliver(t testing.TB, server target.Server, account, text string) {
	t.Helper()
	if err := server.User().Deliver(t.Context(), account, message(text)); err != nil {
		t.Fatal(err)
	}
}

func login(t testing.TB, server target.Server, account string) target.Session {
	t.Helper()
	session, err := server.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func snapshot(t testing.TB, server target.Server, account string) target.Snapshot {
	t.Helper()
	snap, err := target.TakeSnapshot(t.Context(), server, account, target.LevelBody)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func inbox(t testing.TB, server target.Server, account string) target.Mailbox {
	t.Helper()
	m, ok := snapshot(t, server, account).Mailbox("INBOX")
	if !ok {
		t.Fatalf("%s has no INBOX on %s", account, server.Name())
	}
	return m
}

func pass(t testing.TB, p target.Pair, d time.Duration) {
	t.Helper()
	if err := p.Clock().Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func wantEqual(t testing.TB, p target.Pair) {
	t.Helper()
	for _, account := range []string{"alice", "bob"} {
		a, b := snapshot(t, p.Server(target.Imap1), account), snapshot(t, p.Server(target.Imap2), account)
		if diffs := target.Diff(a, b); len(diffs) > 0 {
			t.Error(target.FormatDiff(a, b, diffs, 0))
		}
	}
	if log, err := p.Server(target.Imap1).Host().SyncLog(t.Context()); err != nil || log.Pending() != 0 {
		t.Errorf("the sync log of imap1: %+v, %v", log, err)
	}
}

func TestReplicationMakesBothSidesEqual(t *testing.T) {
	p := newPair(t, 1)
	wantEqual(t, p)
	deliver(t, p.Serving(), "alice", "delivered")
	session := login(t, p.Serving(), "alice")
	validity, uids, err := session.Append(t.Context(), "INBOX",
		target.AppendMessage{Flags: []string{`\Seen`, `\Flagged`}, InternalDate: sim.Epoch.Add(-time.Hour), Body: message("one")},
		target.AppendMessage{Body: message("two")})
	if err != nil || validity == 0 || !slices.Equal(uids, []uint32{2, 3}) {
		t.Fatalf("UIDVALIDITY %d, UIDs %v, %v", validity, uids, err)
	}
	if err := session.Expunge(t.Context(), "INBOX", []uint32{1, 99}); err != nil {
		t.Fatal(err)
	}
	if here, there := inbox(t, p.Serving(), "alice"), inbox(t, p.Server(target.Imap2), "alice"); there.LastUID >= here.LastUID {
		t.Errorf("the replica has LAST_UID %d at once", there.LastUID)
	}
	pass(t, p, time.Second)
	wantEqual(t, p)
	copied := inbox(t, p.Server(target.Imap2), "alice")
	if !copied.Records[0].Expunged || copied.LastUID != 3 || !copied.Records[1].InternalDate.Equal(sim.Epoch.Add(-time.Hour)) {
		t.Errorf("the replica has %+v", copied)
	}
	if live := copied.Live(); len(live) != 2 || !slices.Equal(live[0].Flags, []string{`\Flagged`, `\Seen`}) {
		t.Errorf("alive are %+v", live)
	}
}

// What was done on the replica does not outlive the next change of the master.
func TestMasterOverrulesReplica(t *testing.T) {
	p := newPair(t, 1)
	deliver(t, p.Serving(), "alice", "one")
	pass(t, p, time.Second)
	replica := login(t, p.Server(target.Imap2), "alice")
	if err := replica.Expunge(t.Context(), "INBOX", []uint32{1}); err != nil {
		t.Fatal(err)
	}
	pass(t, p, time.Minute)
	if got := inbox(t, p.Server(target.Imap2), "alice").Live(); len(got) != 0 {
		t.Errorf("without a change of the master, the replica has %+v", got)
	}
	deliver(t, p.Serving(), "alice", "two")
	pass(t, p, time.Second)
	if got := inbox(t, p.Server(target.Imap2), "alice").Live(); len(got) != 2 {
		t.Errorf("after it, the replica has %+v", got)
	}
}

func TestModSeqsAndUIDsAscend(t *testing.T) {
	p := newPair(t, 1)
	session := login(t, p.Serving(), "alice")
	before := inbox(t, p.Serving(), "alice")
	for i := range 5 {
		if _, _, err := session.Append(t.Context(), "INBOX", target.AppendMessage{Body: message(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			if err := session.Expunge(t.Context(), "INBOX", []uint32{uint32(i)}); err != nil {
				t.Fatal(err)
			}
		}
		after := inbox(t, p.Serving(), "alice")
		if after.HighestModSeq <= before.HighestModSeq || after.LastUID != before.LastUID+1 || after.UIDValidity != before.UIDValidity {
			t.Fatalf("from %+v to %+v", before, after)
		}
		for _, r := range after.Records {
			if r.ModSeq > after.HighestModSeq {
				t.Errorf("UID %d has modseq %d above HIGHESTMODSEQ %d", r.UID, r.ModSeq, after.HighestModSeq)
			}
		}
		before = after
	}
}

func TestDeliveryAddsTraceFieldsAndSuppressesDuplicates(t *testing.T) {
	p := newPair(t, 1)
	for range 2 {
		deliver(t, p.Serving(), "alice", "same")
	}
	deliver(t, p.Serving(), "bob", "same") // another account is another delivery
	session := login(t, p.Serving(), "alice")
	var bodies []string
	if err := session.Bodies(t.Context(), "INBOX", nil, func(_ uint32, body []byte) error {
		bodies = append(bodies, string(body))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 1 || !strings.HasPrefix(bodies[0], "Return-Path: ") || !strings.HasSuffix(bodies[0], string(message("same"))) {
		t.Errorf("alice got %q", bodies)
	}
	if record := inbox(t, p.Serving(), "alice").Records[0]; record.GUID != record.BodySHA1 || record.Size != uint32(len(bodies[0])) {
		t.Errorf("the index has %+v of %d bytes", record, len(bodies[0]))
	}
	if got := inbox(t, p.Serving(), "bob").LastUID; got != 1 {
		t.Errorf("bob's LAST_UID is %d", got)
	}
	values, err := session.Header(t.Context(), "INBOX", "x-marker", nil)
	if err != nil || values[1] != "same" {
		t.Errorf("the marker reads %v, %v", values, err)
	}
}

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

func TestReplicaThatIsDownIsCaughtUpLater(t *testing.T) {
	p := newPair(t, 1)
	if err := p.Operator().Stop(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "while it was down")
	pass(t, p, time.Minute)
	if log, err := p.Server(target.Imap1).Host().Syslog(t.Context()); err != nil || !strings.Contains(string(log), "trying again") {
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

func TestUnknownSuite(t *testing.T) {
	var setup *target.SetupError
	if _, err := sim.New().NewPair(t.Context(), target.Spec{Suite: "trixie"}); !errors.As(err, &setup) {
		t.Errorf("got %v", err)
	}
}

func TestRefusals(t *testing.T) {
	p := newPair(t, 1)
	session := login(t, p.Serving(), "alice")
	var refused *target.RefusedError
	for what, err := range map[string]error{
		"append to no mailbox":  second2(session.Append(t.Context(), "Nowhere", target.AppendMessage{Body: message("x")})),
		"mail for nobody":       p.Serving().User().Deliver(t.Context(), "nobody", message("x")),
		"records of no mailbox": second(session.Records(t.Context(), "Nowhere")),
		"index of no mailbox":   second(p.Serving().Index().Mailbox(t.Context(), "alice", "Nowhere")),
	} {
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second2[A, B any](_ A, _ B, err error) error { return err }
