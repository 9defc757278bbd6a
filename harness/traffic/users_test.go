package traffic_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

func newUsers(t *testing.T, seed uint64) (*traffic.Users, *traffic.Ledger, target.Pair) {
	t.Helper()
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: seed, Accounts: []string{"alice", "bob"}})
	if err != nil {
		t.Fatal(err)
	}
	ledger := traffic.NewLedger(nil)
	return traffic.NewUsers(p, ledger, seed), ledger, p
}

func TestUsersRecordWhatTheyWerePromised(t *testing.T) {
	users, ledger, p := newUsers(t, 1)
	tally, err := users.Deliver(t.Context(), []string{"alice", "bob"}, 2)
	if err != nil || tally != (traffic.Tally{Acknowledged: 4}) {
		t.Fatalf("%+v, %v", tally, err)
	}
	if tally, err = users.Append(t.Context(), "alice", traffic.Inbox, 3); err != nil || tally.Acknowledged != 3 {
		t.Fatalf("%+v, %v", tally, err)
	}
	if tally, err = users.Expunge(t.Context(), "alice", traffic.Inbox, 2, traffic.Oldest); err != nil || tally.Acknowledged != 2 {
		t.Fatalf("%+v, %v", tally, err)
	}
	expunged := 0
	for _, m := range ledger.Messages() {
		if m.Stored != target.Acknowledged || m.BodySHA1 == "" || m.SentSHA1 == "" || m.Bytes == 0 {
			t.Errorf("promise %+v", m)
		}
		if m.Expunged == target.Acknowledged {
			expunged++
		}
	}
	if expunged != 2 || ledger.Messages()[0].Expunged != target.Acknowledged {
		t.Errorf("%d expunged, the oldest is %q", expunged, ledger.Messages()[0].Expunged)
	}
	// What the ledger says of a body is what the server has.
	snap, err := target.TakeSnapshot(t.Context(), p.Serving(), "alice", target.LevelBody)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]bool{}
	for _, r := range snap.Mailboxes[0].Live() {
		bodies[r.BodySHA1] = true
	}
	for _, m := range ledger.Messages() {
		if m.Account == "alice" && bodies[m.BodySHA1] == (m.Expunged == target.Acknowledged) {
			t.Errorf("message %s: expunged %q, on the server: %v", m.Marker, m.Expunged, bodies[m.BodySHA1])
		}
	}
	if err := ledger.Check(); err != nil {
		t.Error(err)
	}
}

// The simulator takes a digest that comes with a message on trust: it has to be that of
// what users then read.
func TestDigestsSentAreThoseOfTheBytes(t *testing.T) {
	users, _, p := newUsers(t, 1)
	if _, err := users.Seed(t.Context(), []string{"alice"}, 3, 60); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Append(t.Context(), "alice", traffic.Inbox, 20); err != nil {
		t.Fatal(err)
	}
	session, err := p.Serving().User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, m := range snapshot(t, p, "alice").Mailboxes {
		err := session.Bodies(t.Context(), m.Name, nil, func(uid uint32, body []byte) error {
			i := slices.IndexFunc(m.Records, func(r target.Record) bool { return r.UID == uid })
			if read++; m.Records[i].GUID != target.DigestBody(body) {
				t.Errorf("UID %d in %s has the GUID %s, and its bytes are %s", uid, m.Name, m.Records[i].GUID, target.DigestBody(body))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read != 80 {
		t.Errorf("%d messages were read, want 80", read)
	}
}

func snapshot(t *testing.T, p target.Pair, account string) target.Snapshot {
	t.Helper()
	snap, err := target.TakeSnapshot(t.Context(), p.Serving(), account, target.LevelIndex)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func TestUsersOfADeadServerAreRefused(t *testing.T) {
	users, ledger, p := newUsers(t, 1)
	if _, err := users.Deliver(t.Context(), []string{"alice"}, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	for what, act := range map[string]func() (traffic.Tally, error){
		"deliver": func() (traffic.Tally, error) { return users.Deliver(t.Context(), []string{"alice"}, 2) },
		"append":  func() (traffic.Tally, error) { return users.Append(t.Context(), "alice", traffic.Inbox, 2) },
		"expunge": func() (traffic.Tally, error) {
			return users.Expunge(t.Context(), "alice", traffic.Inbox, 2, traffic.Newest)
		},
	} {
		if tally, err := act(); err != nil || tally != (traffic.Tally{Refused: 2}) {
			t.Errorf("%s: %+v, %v", what, tally, err)
		}
	}
	for _, m := range ledger.Messages()[:2] {
		if m.Stored != target.Acknowledged || m.Expunged != "" {
			t.Errorf("a promise has changed: %+v", m)
		}
	}
}

func TestExpungeOfMoreThanThereIs(t *testing.T) {
	users, _, _ := newUsers(t, 1)
	if _, err := users.Deliver(t.Context(), []string{"alice"}, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Expunge(t.Context(), "alice", traffic.Inbox, 2, traffic.Oldest); !errors.Is(err, traffic.ErrTooFew) {
		t.Errorf("got %v", err)
	}
}

func TestUsersEndWithTheContext(t *testing.T) {
	users, _, _ := newUsers(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := users.Deliver(ctx, []string{"alice"}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestChoices(t *testing.T) {
	var candidates []traffic.Message
	for _, marker := range []string{"1", "2", "3", "4"} {
		candidates = append(candidates, traffic.Message{Marker: marker})
	}
	chosen := func(choose traffic.Choice, seed uint64) (markers []string) {
		for _, m := range choose(candidates, 2, rand.New(rand.NewPCG(seed, 0))) {
			markers = append(markers, m.Marker)
		}
		return markers
	}
	if diff := cmp.Diff([]string{"1", "2"}, chosen(traffic.Oldest, 1)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"3", "4"}, chosen(traffic.Newest, 1)); diff != "" {
		t.Error(diff)
	}
	differ := false
	for seed := range uint64(10) {
		random := chosen(traffic.Random, seed)
		if !slices.Equal(random, chosen(traffic.Random, seed)) || random[0] == random[1] {
			t.Errorf("seed %d chose %v, and again %v", seed, random, chosen(traffic.Random, seed))
		}
		differ = differ || !slices.Equal(random, chosen(traffic.Random, 0))
	}
	if !differ {
		t.Error("ten seeds made one choice")
	}
}

// Dates that users ask for have whole seconds, as IMAP's have.
func TestAppendedDatesAreIMAPs(t *testing.T) {
	users, ledger, _ := newUsers(t, 1)
	if _, err := users.Append(t.Context(), "alice", traffic.Inbox, 4); err != nil {
		t.Fatal(err)
	}
	for _, e := range ledger.Entries() {
		if e.InternalDate.IsZero() || !e.InternalDate.Equal(e.InternalDate.Truncate(time.Second)) || !e.InternalDate.Before(e.SentAt) {
			t.Errorf("asked for %s at %s", e.InternalDate, e.SentAt)
		}
	}
}

// A message that is twice in a mailbox is two that nobody can tell apart. Users move and
// copy none to where it is or was, also where a new master has not heard of a mailbox's
// last name.
func TestNoMessageGoesTwiceIntoOneMailbox(t *testing.T) {
	accounts := []string{"alice", "bob"}
	for seed := range uint64(20) {
		users, _, p := newUsers(t, seed)
		if _, err := users.Seed(t.Context(), accounts, 3, 10); err != nil {
			t.Fatal(err)
		}
		work := func(operations int, only ...traffic.Op) {
			t.Helper()
			if _, err := users.Work(t.Context(), accounts, operations, only); err != nil {
				t.Fatal(err)
			}
		}
		work(10, traffic.OpCreate, traffic.OpCopy)
		if err := p.Clock().Sleep(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
			t.Fatal(err)
		}
		work(6, traffic.OpRename, traffic.OpMove)
		if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
			t.Fatal(err)
		}
		if err := p.Operator().Promote(t.Context(), target.Imap2); err != nil {
			t.Fatal(err)
		}
		work(20, traffic.OpMove, traffic.OpCopy)
		for _, account := range accounts {
			wantNoneTwice(t, p.Serving(), account)
		}
	}
}

func wantNoneTwice(t *testing.T, server target.Server, account string) {
	t.Helper()
	session, err := server.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }() // it was only read from
	mailboxes, err := session.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, mailbox := range mailboxes {
		markers, err := session.Header(t.Context(), mailbox, traffic.MarkerField, nil)
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{}
		for _, marker := range markers {
			if there[marker] {
				t.Errorf("%s is twice in %s of %s", marker, mailbox, account)
			}
			there[marker] = true
		}
	}
}
