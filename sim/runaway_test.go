package sim

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What never comes to rest ends with an error that says what it was, on whatever
// machine: no real time is looked at.
func TestAModelThatNeverRestsIsAnError(t *testing.T) {
	for name, plant := range map[string]func(w *world){
		"time stands still": func(w *world) {
			var again func()
			again = func() { w.after(0, "a loop", again) }
			again()
		},
		"each one makes two due": func(w *world) {
			var twice func()
			twice = func() {
				w.after(time.Second, "a loop", twice)
				w.after(time.Second, "a loop", twice)
			}
			twice()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(rand.New(rand.NewPCG(1, 1)))
			plant(w)
			w.tracef("here it goes")
			never := func(context.Context) (bool, string, error) { return false, "", nil }
			err := target.WaitUntil(t.Context(), w, time.Hour, "rest", never)
			if err == nil || !strings.Contains(err.Error(), "does not come to rest") || !strings.Contains(err.Error(), "the last a loop; it said last: 08:00:00.000000 here it goes") {
				t.Errorf("got %v", err)
			}
			err = w.Run(t.Context(), func(ctx context.Context) error { return w.Sleep(ctx, time.Second) })
			if err == nil || !strings.Contains(err.Error(), "does not come to rest") {
				t.Errorf("a task got %v", err)
			}
		})
	}
}

// What goes on for ever and takes its time over it ends as well: nobody waits for a year
// of one thing a second.
func TestAModelThatGoesOnForeverIsAnError(t *testing.T) {
	w := newWorld(rand.New(rand.NewPCG(1, 1)))
	var again func()
	again = func() { w.after(time.Second, "a loop", again) }
	again()
	if err := w.Sleep(t.Context(), 12*time.Hour); err != nil {
		t.Fatalf("half a day of it: %v", err)
	}
	err := w.Sleep(t.Context(), 365*24*time.Hour)
	if err == nil || !strings.Contains(err.Error(), "100001 within the 27h46m41s that somebody waited") || !strings.Contains(err.Error(), "the last a loop") {
		t.Errorf("a year of it: %v", err)
	}
}

// A process that logs a change while it is at work is not two processes then.
func TestSyncClientIsOneProcess(t *testing.T) {
	pair, err := New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	p := pair.(*Pair)
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	client := p.Serving().(*server).client
	client.respawn()
	for range 5 {
		client.waiting = false // as it is during a step
		client.wake()
		client.next()
	}
	before := len(p.Trace())
	if err := p.Clock().Sleep(t.Context(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	tries := strings.Count(strings.Join(p.Trace()[before:], "\n"), "connect(imap2) failed")
	if tries < 4 || tries > 6 {
		t.Errorf("it has tried %d times in 5 s to reach a replica that is down, and not once a second", tries)
	}
}
