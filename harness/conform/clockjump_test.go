package conform_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/conform"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// What a jump of the clock does to a session that is open, and to INTERNALDATE, is the
// same on both targets. Plans cannot tell: each of their steps has a session of its own,
// and to a comparison a date that a plan did not give is "now".
func TestClockJumpsAlike(t *testing.T) {
	spec := target.Spec{Suite: *suite, Accounts: conform.Accounts(), MovingClock: true}
	t.Run("sim", func(t *testing.T) {
		pair, err := sim.NewPair(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		clockJumps(t, pair)
	})
	t.Run("real", func(t *testing.T) {
		cyrustest.NeedSuite(t, *suite)
		clockJumps(t, cyrustest.Pair(t, spec))
	})
}

func clockJumps(t *testing.T, pair target.Pair) {
	const forth, back = 2 * time.Hour, -5 * time.Hour
	idle := login(t, pair)
	put(t, pair, 1)
	jump(t, pair, forth)
	for range 2 {
		if _, err := idle.List(t.Context()); err != nil {
			t.Errorf("a session that was open when the clock jumped ahead: %v", err)
		}
	}
	put(t, pair, 2)
	jump(t, pair, back)
	put(t, pair, 3)
	records, err := login(t, pair).Records(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	var uids []uint32
	for _, r := range records {
		uids = append(uids, r.UID)
	}
	if !slices.Equal(uids, []uint32{1, 2, 3}) {
		t.Fatalf("the UIDs are %v, want them to ascend", uids)
	}
	near := func(got, want time.Duration) bool { return (got - want).Abs() < 10*time.Minute }
	if ahead := records[1].InternalDate.Sub(records[0].InternalDate); !near(ahead, forth) {
		t.Errorf("after a jump by %s INTERNALDATE is %s later", forth, ahead)
	}
	if behind := records[2].InternalDate.Sub(records[1].InternalDate); !near(behind, back) {
		t.Errorf("after a jump by %s INTERNALDATE is %s later", back, behind)
	}
}

func login(t *testing.T, pair target.Pair) target.Session {
	t.Helper()
	session, err := pair.Serving().User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() }) // it may have ended
	return session
}

// put delivers a message, which gets the server's time for INTERNALDATE.
func put(t *testing.T, pair target.Pair, message int) {
	t.Helper()
	if err := pair.Serving().User().Deliver(t.Context(), "alice", []byte("Message-ID: <"+string(rune('a'+message))+"@clock>\r\n\r\nbody\r\n")); err != nil {
		t.Fatal(err)
	}
}

func jump(t *testing.T, pair target.Pair, by time.Duration) {
	t.Helper()
	evidence, err := pair.Saboteur().(target.ClockSaboteur).Jump(t.Context(), target.Imap1, by)
	if err != nil || !evidence.Landed() {
		t.Fatalf("a jump by %s: %v, %+v", by, err, evidence)
	}
}
