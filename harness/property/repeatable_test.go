package property_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/killed"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ways are so many incidents, every other one with UIDs that can be kept.
func ways(n uint64) []way {
	var all []way
	for seed := range n {
		all = append(all, way{seed, seed%2 == 1})
	}
	return all
}

type ends = map[string]target.Snapshot

// try is one incident and its restore, which a bug may be planted in.
type try struct {
	*restoretest.Incident
	plan  restore.Plan
	store journal.Store
	scene restore.Scene
}

// bug changes what a restore works with.
type bug func(*try)

// way is an incident by its seed, and how its mail comes back.
type way struct {
	seed     uint64
	appended bool // all under new UIDs
}

func kept(seed uint64) way     { return way{seed, false} }
func appended(seed uint64) way { return way{seed, true} }

func newTry(t *testing.T, of way, bugs ...bug) *try {
	t.Helper()
	in := restoretest.Make(t, restoretest.Usual(of.seed))
	if of.appended {
		in.ByAppend()
	}
	r := &try{Incident: in, plan: in.Plan(t), store: &journal.Memory{}, scene: in.Scene}
	for _, plant := range bugs {
		plant(r)
	}
	return r
}

// apply applies the plan with the journal that there is.
func (r *try) apply(t *testing.T, workers int) restore.Report {
	t.Helper()
	report, err := restore.Apply(t.Context(), r.scene, r.plan, restore.Options{Journal: r.store, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// die applies the plan until it is killed, and says whether it came to that.
func (r *try) die(t *testing.T, death *killed.Death, workers int) bool {
	t.Helper()
	ctx, scene, store := death.Mortal(t.Context(), r.scene, r.store)
	_, err := restore.Apply(ctx, scene, r.plan, restore.Options{Journal: store, Workers: workers})
	if death.Came() && !errors.Is(err, killed.Err) && !errors.Is(err, context.Canceled) || !death.Came() && err != nil {
		t.Fatalf("it was to be killed (%v), and ended with %v", death.Came(), err)
	}
	return death.Came()
}

// once is what a restore leaves that one worker does without a break.
func once(t *testing.T, of way) ends {
	t.Helper()
	r := newTry(t, of)
	report := r.apply(t, 1)
	brought := report.PutBack
	if of.appended {
		brought = report.Copied
	}
	if brought < 5 || len(report.Changed) < 4 || report.Found > 0 {
		t.Fatalf("%+v: too little is restored to mean anything: %s", of, report.InWords())
	}
	return r.State(t)
}

func repeats(what string, want, got ends) property.Result {
	return property.Repeatable{}.Check(property.Scene{Repeats: []property.Repeat{{What: what, Server: target.Imap2, Want: want, Got: got}}})
}

func wantPass(t *testing.T, what string, want, got ends) {
	t.Helper()
	if result := repeats(what, want, got); result.Verdict != property.Pass {
		t.Fatalf("%s: %s, %v", what, result.Verdict, result.Violations)
	}
}

func TestTwiceIsOnce(t *testing.T) {
	for _, of := range ways(8) {
		want := once(t, of)
		for name, again := range map[string]func(*try){
			"with its journal":    func(*try) {},
			"with a new journal":  func(r *try) { r.store = &journal.Memory{} },
			"from a plan of then": func(r *try) { r.store, r.plan = &journal.Memory{}, r.Plan(t) },
		} {
			r := newTry(t, of)
			r.apply(t, 1)
			again(r)
			r.apply(t, 1)
			wantPass(t, fmt.Sprintf("%+v, applied twice, %s", of, name), want, r.State(t))
		}
	}
}

func TestParallelIsSerial(t *testing.T) {
	for _, of := range ways(8) {
		want := once(t, of)
		for _, workers := range []int{2, 4, 16} {
			r := newTry(t, of)
			r.apply(t, workers)
			wantPass(t, fmt.Sprintf("%+v, %d workers", of, workers), want, r.State(t))
		}
	}
}

// Killed at each single point there is, and run again.
func TestKilledAnywhereAndRunAgain(t *testing.T) {
	for workers, of := range map[int]way{1: kept(3), 3: appended(3), 4: kept(3)} {
		points := 0
		want := once(t, of)
		for _, when := range []killed.When{killed.Before, killed.Amid, killed.After} {
			for n := 1; ; n++ {
				r := newTry(t, of)
				if !r.die(t, killed.At(n, when), workers) {
					break
				}
				points++
				r.apply(t, workers)
				wantPass(t, fmt.Sprintf("%d workers, killed at act %d (%d)", workers, n, when), want, r.State(t))
			}
		}
		if points < 300 {
			t.Errorf("%d workers: it was killed at %d points only", workers, points)
		}
	}
}

// Killed five times at random.
func TestKilledAgainAndAgain(t *testing.T) {
	for _, of := range ways(20) {
		chance := rand.New(rand.NewPCG(of.seed, 9))
		want, deaths := once(t, of), 0
		r := newTry(t, of)
		for range 5 {
			if r.die(t, killed.At(1+chance.IntN(40), killed.When(chance.IntN(3))), 1+chance.IntN(6)) {
				deaths++
			}
		}
		r.apply(t, 4)
		if deaths < 3 {
			t.Errorf("%+v: it was killed %d times only", of, deaths)
		}
		wantPass(t, fmt.Sprintf("%+v, killed %d times", of, deaths), want, r.State(t))
	}
}

// A bug in a restore that is killed and run again shows in what it leaves.
func TestRepeatableCatches(t *testing.T) {
	for _, tc := range []struct {
		name string
		of   way
		bug  bug
		says string
	}{
		{"a retry that appends twice, for it does not look what has come", appended(3), blind, "leaves too much: message"},
		{"a journal entry that is written before the act", appended(3), hasty, "leaves out: message"},
		{"a journal entry that is written before the act, of a mailbox that is made again", kept(3), hasty, "which was made again, is not there, and nobody has deleted it"},
		{"a journal that forgets what was begun and done, and a plan that is blind as well", appended(3), func(r *try) { blind(r); forgetful(r) }, "leaves too much: message"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, said := once(t, tc.of), ""
			for _, when := range []killed.When{killed.Before, killed.Amid, killed.After} {
				for n := 1; said == ""; n++ {
					r := newTry(t, tc.of, tc.bug)
					if !r.die(t, killed.At(n, when), 1) {
						break
					}
					_, err := restore.Apply(t.Context(), r.scene, r.plan, restore.Options{Journal: r.store, Workers: 1})
					if restore.IsUnsound(err) { // the restore has seen it itself
						if strings.Contains(err.Error(), tc.says) {
							said = err.Error()
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if result := repeats("killed", want, r.State(t)); result.Verdict == property.Fail {
						for _, v := range result.Violations {
							if strings.Contains(v.Text, tc.says) {
								said = v.Text
							}
						}
					}
				}
			}
			if said == "" {
				t.Errorf("nobody says that it %q", tc.says)
			}
		})
	}
}

// blind is a restore that does not see what has come since the plan was made.
func blind(r *try) {
	for i := range r.plan.Saw {
		r.plan.Saw[i].LastUID = 1 << 30
	}
}

// hasty notes each action as done when it is begun.
func hasty(r *try) {
	r.store = &rewriting{Store: r.store, change: func(line string) string {
		if begun, rest, ok := strings.Cut(line, `"begun":`); ok && strings.HasSuffix(begun, ",") {
			return line + begun + `"done":` + rest
		}
		return line
	}}
}

// forgetful writes down nothing but the plan.
func forgetful(r *try) {
	r.store = &rewriting{Store: r.store, change: func(line string) string {
		if strings.Contains(line, "apiVersion") {
			return line
		}
		return ""
	}}
}

// rewriting is a journal that holds something else than it was given.
type rewriting struct {
	journal.Store
	change func(line string) string
}

func (r *rewriting) Append(data []byte) error { return r.Store.Append([]byte(r.change(string(data)))) }

// What an estimate that is off must be called, and what not.
func TestRepeatableJudgesEstimates(t *testing.T) {
	scene := func() property.Scene {
		return property.Scene{Estimates: []property.Estimate{{Restorer: "r", Share: 0.5, Since: 0.5, Told: 55 * time.Second, Left: 50 * time.Second, Whole: 100 * time.Second}}}
	}
	runScenes(t, property.Repeatable{}, scene, 1, []plantedScene{
		{"five times off", func(s *property.Scene) { s.Estimates[0].Told /= 5 }, property.Fail, "r estimated 11s at 50 % of the work, when 50s were left: 78 % off, more than 20"},
		{"too long", func(s *property.Scene) { s.Estimates[0].Told = 62 * time.Second }, property.Fail, "24 % off"},
		{"off just after a change", func(s *property.Scene) { s.Estimates[0].Told, s.Estimates[0].Since = 0, 0.05 }, property.Unknown, "no promise"},
		{"off on a machine under load", func(s *property.Scene) { s.Estimates[0].Told, s.Estimates[0].OnRealTime = 0, true }, property.Pass, "100 % off"},
		{"off by a moment at the end", func(s *property.Scene) { s.Estimates[0].Left, s.Estimates[0].Told = 0, time.Second }, property.Pass, ""},
	})
}
