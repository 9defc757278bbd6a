package cyrus

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// pool returns a pool that is closed at the test's end.
func pool(t testing.TB, most int) *Pool {
	t.Helper()
	needDocker(t)
	p := NewPool(most)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Errorf("closing the pool: %v", err)
		}
	})
	return p
}

func borrow(t testing.TB, p *Pool, spec target.Spec) *lent {
	t.Helper()
	pair, err := p.NewPair(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return pair.(*lent)
}

func giveBack(t testing.TB, pair target.Pair) {
	t.Helper()
	if err := pair.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Whoever comes second gets the first one's pair, and nothing of its mail or accounts.
func TestPoolLendsAPairAgainAsNew(t *testing.T) {
	p := pool(t, 1)
	first := borrow(t, p, target.Spec{Accounts: []string{"alice", "bob"}})
	deliver(t, first.Serving(), "alice", "used")
	wantReplicated(t, first.Pair, "alice")
	giveBack(t, first)
	giveBack(t, first) // once more: it is nobody's any more

	second := borrow(t, p, target.Spec{Accounts: []string{"alice", "carol"}})
	defer giveBack(t, second)
	if second.Name() != first.Name() {
		t.Errorf("%s was lent first, then %s", first.Name(), second.Name())
	}
	for _, server := range second.Servers() {
		mailboxes, err := server.Index().Mailboxes(t.Context(), "alice")
		if err != nil || len(mailboxes) != 1 || mailboxes[0].LastUID != 0 {
			t.Errorf("%s has of alice %+v: %v", server.Name(), mailboxes, err)
		}
		if gone, err := server.Index().Mailboxes(t.Context(), "bob"); err != nil || len(gone) != 0 {
			t.Errorf("%s still has bob: %+v, %v", server.Name(), gone, err)
		}
	}
	deliver(t, second.Serving(), "carol", "new")
	wantReplicated(t, second.Pair, "carol")
	if stats := p.Stats(); stats.Made != 1 || stats.Reset != 1 || stats.Discarded != 0 {
		t.Errorf("the pool has %+v", stats)
	}
}

// A pair that misbehaved, one that cannot be reset, and one of another kind make room.
func TestPoolThrowsAwayWhatMisbehaves(t *testing.T) {
	p := pool(t, 1)
	first := borrow(t, p, target.Spec{Accounts: accounts})
	first.Discard()
	giveBack(t, first)

	second := borrow(t, p, target.Spec{Accounts: accounts})
	if second.Name() == first.Name() {
		t.Error("a pair that misbehaved is lent again")
	}
	// Somebody removes its containers: it cannot be reset any more.
	if _, err := second.engine.remove(t.Context(), client.Filters{}.Add("label", labelPair+"="+second.Name())); err != nil {
		t.Fatal(err)
	}
	giveBack(t, second)

	third := borrow(t, p, target.Spec{Accounts: accounts})
	if third.Name() == second.Name() {
		t.Error("a pair that is gone is lent again")
	}
	giveBack(t, third)

	other := borrow(t, p, target.Spec{Accounts: accounts, RepeatInterval: time.Second})
	defer giveBack(t, other)
	if other.Name() == third.Name() {
		t.Error("a pair is lent that is not of the kind that was asked for")
	}
	if stats := p.Stats(); stats.Made != 4 || stats.Reset != 1 {
		t.Errorf("the pool has %+v", stats)
	}
}

// More than the pool has wait, as long as their context lets them.
func TestPoolLetsOthersWait(t *testing.T) {
	p := pool(t, 1)
	first := borrow(t, p, target.Spec{Accounts: accounts})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.NewPair(ctx, target.Spec{Accounts: accounts}); !errors.Is(err, context.Canceled) {
		t.Fatalf("a second pair of a pool of one: %v", err)
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		pair, err := p.NewPair(t.Context(), target.Spec{Accounts: accounts})
		if err != nil {
			t.Errorf("who waited: %v", err)
			return
		}
		_ = pair.Close(t.Context()) // it gives the pair back, and has no error
	})
	giveBack(t, first)
	waiting.Wait()
}
