package detect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// What a client with a cache is told (RFC 7162) is the same on the simulator and on real
// servers: by tombstones, after these were forgotten, and by a copy that was made later.
func TestResyncOnSim(t *testing.T) {
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	resyncs(t, pair)
}

func TestResyncOnRealServers(t *testing.T) {
	resyncs(t, cyrustest.Pair(t, target.Spec{Accounts: accounts}))
}

func resyncs(t *testing.T, pair target.Pair) {
	t.Helper()
	for range 5 {
		deliverTo(t, pair, "alice")
	}
	master := session(t, pair, target.Imap1)
	before := counters(t, master)
	if err := master.SetFlags(t.Context(), "INBOX", []uint32{2}, []string{`\Flagged`}, nil); err != nil {
		t.Fatal(err)
	}
	if err := master.Expunge(t.Context(), "INBOX", []uint32{3, 4}); err != nil {
		t.Fatal(err)
	}
	after := counters(t, master)
	_ = master.Close()
	replicated(t, pair)

	gone := []target.UIDRange{{First: 3, Last: 4}}
	flagged := []target.Record{{UID: 2, Flags: []string{`\Flagged`}}}
	for _, server := range []target.ServerName{target.Imap1, target.Imap2} {
		wantResync(t, pair, server, before, target.Resync{Vanished: gone, Changed: flagged})
		wantResync(t, pair, server, after, target.Resync{})
		other := before
		other.UIDValidity--
		wantResync(t, pair, server, other, target.Resync{})
	}
	if _, err := pair.Operator().Expire(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	wantResync(t, pair, target.Imap2, before, target.Resync{Vanished: gone, Changed: flagged})

	// The new copy has neither the tombstones nor the note that they were forgotten: a
	// client that was away keeps two messages that are not there.
	failOver(t, pair)
	if err := pair.Operator().Resync(t.Context(), target.Imap1, accounts); err != nil {
		t.Fatal(err)
	}
	wantResync(t, pair, target.Imap1, before, target.Resync{Changed: flagged})
}

// failOver makes the replica the master, and brings the old master up apart.
func failOver(t *testing.T, pair target.Pair) {
	t.Helper()
	if _, err := pair.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if err := pair.Operator().Promote(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	if err := pair.Operator().Rescue(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
}

func session(t *testing.T, pair target.Pair, server target.ServerName) target.Session {
	t.Helper()
	s, err := pair.Server(server).User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func counters(t *testing.T, s target.Session) target.Counters {
	t.Helper()
	c, err := s.Status(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantResync holds what a server tells a client that left off there against what it should,
// but for modseqs.
func wantResync(t *testing.T, pair target.Pair, server target.ServerName, since target.Counters, want target.Resync) {
	t.Helper()
	s := session(t, pair, server)
	defer s.Close()
	told, err := s.(target.Resyncer).Resync(t.Context(), "INBOX", target.Known{UIDValidity: since.UIDValidity, ModSeq: since.HighestModSeq})
	if err != nil {
		t.Fatal(err)
	}
	if now := counters(t, s); told.UIDValidity != now.UIDValidity || told.HighestModSeq != now.HighestModSeq {
		t.Errorf("%s told of UIDVALIDITY %d and HIGHESTMODSEQ %d: %+v", server, told.UIDValidity, told.HighestModSeq, now)
	}
	told.UIDValidity, told.HighestModSeq = 0, 0
	for i := range told.Changed {
		told.Changed[i].ModSeq = 0
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("%s, asked since modseq %d:\n%s", server, since.HighestModSeq, diff)
	}
}
