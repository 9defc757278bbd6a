package killed_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/killed"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// The dead do nothing, whatever the moment at which they died.
func TestDeath(t *testing.T) {
	for when, want := range map[killed.When]string{killed.Before: "one\n", killed.Amid: "one\ntw", killed.After: "one\ntwo\n"} {
		store := &journal.Memory{}
		death := killed.At(2, when)
		ctx, _, diary := death.Mortal(t.Context(), restore.Scene{}, store)
		if err := diary.Append([]byte("one\n")); err != nil || death.Came() || ctx.Err() != nil {
			t.Fatalf("it died too early: %v", err)
		}
		for range 2 {
			if err := diary.Append([]byte("two\n")); !errors.Is(err, killed.Err) || !death.Came() {
				t.Errorf("it lives on: %v", err)
			}
		}
		if string(store.Bytes()) != want || !errors.Is(context.Cause(ctx), killed.Err) {
			t.Errorf("the journal holds %q, want %q; the context ended with %v", store.Bytes(), want, context.Cause(ctx))
		}
	}
}

// shared is a journal that several write into at once.
type shared struct {
	journal.Memory
	mu sync.Mutex
}

func (s *shared) Append(data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Memory.Append(data)
}

// Of workers that act at once one dies in its act, and the others right then.
func TestDeathAmongWorkers(t *testing.T) {
	const acts = 40
	store := &shared{}
	death := killed.At(acts/2, killed.Before)
	_, _, diary := death.Mortal(t.Context(), restore.Scene{}, store)
	var workers sync.WaitGroup
	for range acts {
		workers.Go(func() { _ = diary.Append([]byte("x")) })
	}
	workers.Wait()
	if got := len(store.Bytes()); got != acts/2-1 || !death.Came() {
		t.Errorf("%d acts were done before the death, want %d", got, acts/2-1)
	}
}

// Amid a command the server does it, and nobody hears of it.
func TestCommands(t *testing.T) {
	for when, want := range map[killed.When]int{killed.Before: 0, killed.Amid: 1, killed.After: 1} {
		in := restoretest.Calm(t, 1, "alice")
		_, scene, _ := killed.At(1, when).Mortal(t.Context(), in.Scene, &journal.Memory{})
		session, err := scene.Serving.User().Login(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := session.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("x\r\n")}); !errors.Is(err, killed.Err) {
			t.Errorf("it was answered: %v", err)
		}
		if err := scene.Operator.(target.ReplicationHolder).HoldReplication(t.Context(), target.Imap1); !errors.Is(err, killed.Err) {
			t.Errorf("it lives on: %v", err)
		}
		box, _ := in.State(t)["alice"].Mailbox("INBOX")
		if len(box.Live()) != want {
			t.Errorf("%d: %d messages were stored, want %d", when, len(box.Live()), want)
		}
	}
}

// An accident happens once, at its command, and what follows is told of each later one.
func TestAccidents(t *testing.T) {
	for _, after := range []bool{false, true} {
		in := restoretest.Calm(t, 1, "alice")
		var there []int
		var since []int
		count := func() {
			box, _ := in.State(t)["alice"].Mailbox("INBOX")
			there = append(there, len(box.Live()))
		}
		accident := killed.Upon(2, after, count).Then(func(n int) { since = append(since, n) })
		session, err := accident.Befall(in.Scene).Serving.User().Login(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		for n := range 4 {
			if accident.Came() != (n >= 2) {
				t.Errorf("after %d commands: %v", n, accident.Came())
			}
			if _, _, err := session.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("x\r\n")}); err != nil {
				t.Fatal(err)
			}
		}
		want := 1
		if after {
			want = 2
		}
		if len(there) != 1 || there[0] != want || !slices.Equal(since, []int{1, 2}) {
			t.Errorf("after the answer: %v; there were %v messages, and since then %v commands", after, there, since)
		}
	}
}
