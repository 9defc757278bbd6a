package sim_test

import (
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
	if there, err := p.Server(target.Imap2).Index().Mailbox(t.Context(), "alice", "INBOX"); err != nil || there.LastUID != 0 {
		t.Errorf("the replica has %+v at once, %v", there, err)
	}
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

// What was expunged on the replica is expunged on the master, once that changes
// the mailbox: then both sides are compared, and a tombstone wins.
func TestExpungeOnTheReplicaComesBackToTheMaster(t *testing.T) {
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
	for _, server := range p.Servers() {
		if got := inbox(t, server, "alice").Live(); len(got) != 1 || got[0].UID != 2 {
			t.Errorf("after it, %s has %+v", server.Name(), got)
		}
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

func TestVersionSaysWhoseModelItIs(t *testing.T) {
	for suite, want := range map[string]string{"": "model of 3.6.1", "bookworm": "model of 3.6.1", "trixie": "model of 3.10.2"} {
		pair, err := sim.New().NewPair(t.Context(), target.Spec{Suite: suite})
		if err != nil {
			t.Fatal(err)
		}
		if got := pair.Version(); got != want {
			t.Errorf("suite %q: %s, not %s", suite, got, want)
		}
	}
}

func TestUnknownSuite(t *testing.T) {
	var setup *target.SetupError
	if _, err := sim.New().NewPair(t.Context(), target.Spec{Suite: "buster"}); !errors.As(err, &setup) {
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
