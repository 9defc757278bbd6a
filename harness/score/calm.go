package score

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// CalmOptions say how an undamaged pair is looked at while users work.
type CalmOptions struct {
	Target         target.Target
	Suite          string
	Seed           uint64
	RepeatInterval time.Duration // sync_repeat_interval
	For            time.Duration // on the target's clock
	Rate           int           // operations of users a second
	Detectors      func(target.Pair) []detect.Detector
	// Observe is told after each round, if it is set.
	Observe func(rounds int, passed time.Duration)
}

// Calm is what detectors said of an undamaged pair under traffic: whatever they found
// is a false alarm.
type Calm struct {
	Target         string        `json:"target"`
	Cyrus          string        `json:"cyrus"`
	RepeatInterval time.Duration `json:"repeat_interval_ns"`
	Lasted         time.Duration `json:"lasted_ns"`
	Traffic        traffic.Tally `json:"traffic"`
	Rounds         int           `json:"rounds"`
	Looks          []CalmLooks   `json:"looks"`
}

// CalmLooks are one detector's.
type CalmLooks struct {
	Detector string           `json:"detector"`
	False    []detect.Finding `json:"false,omitempty"`
	// Failed are the looks that could not be finished, and why: users may delete a
	// mailbox under a detector's eyes.
	Failed []string `json:"failed,omitempty"`
}

// calmLookWithin bounds one look, on the target's clock: at the end it is at thousands of
// messages, while users work.
const calmLookWithin = 2 * time.Minute

// calmWorkers are users at work at the same time: a session's answers take a while.
const calmWorkers = 3

// RunCalm lets users work on an undamaged pair and the detectors look, again and again.
func RunCalm(ctx context.Context, o CalmOptions) (calm Calm, err error) {
	pair, err := o.Target.NewPair(ctx, target.Spec{Seed: o.Seed, Suite: o.Suite, Accounts: Accounts(), RepeatInterval: o.RepeatInterval})
	if err != nil {
		return calm, fmt.Errorf("making an undamaged pair: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err = errors.Join(err, pair.Close(closing))
	}()
	if err := furnish(ctx, pair); err != nil {
		return calm, err
	}
	calm = Calm{Target: o.Target.Name(), Cyrus: pair.Version(), RepeatInterval: o.RepeatInterval}
	w := &watched{o: o, pair: pair, calm: &calm, began: pair.Clock().Now()}
	tasks := []func(context.Context) error{w.lookOn}
	for i := range calmWorkers {
		tasks = append(tasks, func(ctx context.Context) error { return w.work(ctx, i) })
	}
	err = pair.Executor().Run(ctx, tasks...)
	calm.Lasted = pair.Clock().Now().Sub(w.began)
	return calm, err
}

// watched is an undamaged pair with users and detectors on it.
type watched struct {
	o     CalmOptions
	pair  target.Pair
	calm  *Calm
	began time.Time
	mu    sync.Mutex // guards the traffic's sum
}

func (w *watched) over() bool { return w.pair.Clock().Now().Sub(w.began) >= w.o.For }

// work lets one account's user work at its share of the rate until the time is over.
func (w *watched) work(ctx context.Context, n int) error {
	const atOnce = 4 // operations in a session
	users := traffic.NewUsers(w.pair, traffic.NewLedger(nil), w.o.Seed+uint64(n))
	account := Accounts()[n%len(Accounts())]
	every := time.Duration(calmWorkers*atOnce) * time.Second / time.Duration(w.o.Rate)
	for next := w.began; !w.over(); next = next.Add(every) {
		if rest := next.Sub(w.pair.Clock().Now()); rest > 0 {
			if err := w.pair.Clock().Sleep(ctx, rest); err != nil {
				return err
			}
		}
		tally, err := users.Work(ctx, []string{account}, atOnce, nil)
		if err != nil {
			return err
		}
		w.mu.Lock()
		w.calm.Traffic.Acknowledged += tally.Acknowledged
		w.calm.Traffic.Refused += tally.Refused
		w.calm.Traffic.InDoubt += tally.InDoubt
		w.mu.Unlock()
	}
	return nil
}

// lookOn lets each detector look, round after round, until the time is over.
func (w *watched) lookOn(ctx context.Context) error {
	detectors := w.o.Detectors(w.pair)
	for _, d := range detectors {
		w.calm.Looks = append(w.calm.Looks, CalmLooks{Detector: d.Name()})
	}
	scene := sceneOf(w.pair)
	scene.RepeatInterval = w.o.RepeatInterval
	for !w.over() {
		for i, d := range detectors {
			asked, cancel := target.Within(ctx, w.pair.Clock(), calmLookWithin)
			found, err := d.Detect(asked, scene)
			cancel()
			looks := &w.calm.Looks[i]
			looks.False = append(looks.False, found...)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				looks.Failed = append(looks.Failed, err.Error())
			}
		}
		w.calm.Rounds++
		if w.o.Observe != nil {
			w.o.Observe(w.calm.Rounds, w.pair.Clock().Now().Sub(w.began))
		}
		if err := w.pair.Clock().Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// FalseAlarms counts what was found.
func (c Calm) FalseAlarms() int {
	count := 0
	for _, l := range c.Looks {
		count += len(l.False)
	}
	return count
}

// WriteText writes a line for each detector, and each false alarm.
func (c Calm) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "%s, Cyrus %s, undamaged, sync_repeat_interval %s: %s, %d operations acknowledged, %d refused, %d in doubt, %d rounds of detectors\n\n",
		c.Target, c.Cyrus, c.RepeatInterval, c.Lasted.Round(time.Second), c.Traffic.Acknowledged, c.Traffic.Refused, c.Traffic.InDoubt, c.Rounds)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DETECTOR\tFALSE ALARMS\tLOOKS THAT FAILED\tTHE LAST OF THEM")
	for _, l := range c.Looks {
		last := ""
		if len(l.Failed) > 0 {
			last = l.Failed[len(l.Failed)-1]
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", l.Detector, len(l.False), len(l.Failed), last)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, l := range c.Looks {
		for _, f := range l.False {
			fmt.Fprintf(w, "FALSE   %s: %s\n", l.Detector, f)
		}
	}
	return nil
}
