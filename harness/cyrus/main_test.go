package cyrus

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// childVariable makes the test binary a harness of its own, to be killed.
const childVariable = "CYRDRILL_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(beKilled())
	}
	status := m.Run()
	if err := warm.close(); err != nil {
		println("giving the warm pair back:", err.Error())
		status = 1
	}
	os.Exit(status)
}

// needDocker fails a test on CI, and skips it elsewhere, where no real Cyrus
// can be started.
func needDocker(t testing.TB) {
	t.Helper()
	if err := Check(t.Context(), "bookworm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test needs real Cyrus, and CI must not pass without it: %v", err)
		}
		t.Skipf("this test needs real Cyrus: %v", err)
	}
}

// warm is a pair that tests share, each after a reset.
var warm warmPair

type warmPair struct {
	mu   sync.Mutex
	pair target.Pair
}

var accounts = []string{"alice", "bob"}

// get returns the warm pair, as new.
func (w *warmPair) get(t testing.TB) *Pair {
	t.Helper()
	needDocker(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	if w.pair == nil {
		w.pair, err = New().NewPair(t.Context(), target.Spec{Accounts: accounts})
	} else {
		err = w.pair.Reset(t.Context(), accounts)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.pair.(*Pair)
}

func (w *warmPair) close() error {
	if w.pair == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), removeWithin)
	defer cancel()
	return errors.Join(w.pair.Close(ctx), w.pair.Close(ctx)) // twice is once
}

func deliver(t testing.TB, server target.Server, account, text string) {
	t.Helper()
	if err := server.User().Deliver(t.Context(), account, []byte("Subject: "+text+"\r\n\r\n"+text+"\r\n")); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t testing.TB, server target.Server, account string) target.Snapshot {
	t.Helper()
	snap, err := target.TakeSnapshot(t.Context(), server, account, target.LevelBody)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// wantReplicated waits until both servers agree about the account, to the
// body.
func wantReplicated(t testing.TB, p target.Pair, account string) {
	t.Helper()
	err := target.WaitUntil(t.Context(), p.Clock(), 10*time.Second, "both sides to be equal", func(context.Context) (bool, string, error) {
		a, b := snapshot(t, p.Server(target.Imap1), account), snapshot(t, p.Server(target.Imap2), account)
		diffs := target.Diff(a, b)
		return len(diffs) == 0, target.FormatDiff(a, b, diffs, 3), nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantNew wants the pair to be as NewPair returns one: empty accounts on both
// sides, and replication at work.
func wantNew(t testing.TB, p *Pair) {
	t.Helper()
	if p.Serving().Name() != target.Imap1 || p.Role(target.Imap1) != target.RoleMaster || p.Role(target.Imap2) != target.RoleReplica {
		t.Errorf("%s serves; imap1 is %s, imap2 is %s", p.Serving().Name(), p.Role(target.Imap1), p.Role(target.Imap2))
	}
	for _, server := range p.Servers() {
		for _, account := range accounts {
			snap := snapshot(t, server, account)
			if len(snap.Mailboxes) != 1 || snap.Mailboxes[0].LastUID != 0 || len(snap.Mailboxes[0].Records) != 0 {
				t.Errorf("%s of %s is not new: %+v", account, server.Name(), snap.Mailboxes)
			}
		}
	}
	deliver(t, p.Serving(), "alice", "new")
	wantReplicated(t, p, "alice")
}
