// Package detect holds the detectors: each turns what an operator could observe
// of two servers into findings. Each detector is one file and one value in
// [All].
//
// A detector sees views and frozen snapshots alone. It knows neither what was
// broken nor which target it runs on, and it changes nothing.
//
//	go test ./harness/detect
package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Detector looks for one sort of damage.
type Detector interface {
	Name() string
	// Doc says in one line what it compares.
	Doc() string
	// Promise says what damage it claims to find, and how soon.
	Promise() Promise
	// Detect looks at the scene and returns what it found, in a fixed order.
	Detect(ctx context.Context, scene Scene) ([]Finding, error)
}

// Scene is what a detector looks at.
type Scene struct {
	Clock    target.Clock
	Executor target.Executor
	Accounts []string
	// Partial says that there are more accounts, which others look at.
	Partial bool
	// Sides are the states to look at. Detectors that compare need two.
	Sides []Side
	// Master is the server that took users while the sides became what they
	// are, and replicated one way to the other: what it has is right, as far as
	// it has anything. Empty where that is not known.
	Master target.ServerName
	// RepeatInterval is the master's sync_repeat_interval: how long a change may rest
	// before it is sent.
	RepeatInterval time.Duration
}

// errNeedsTwo says that a detector compares, and got nothing to compare with.
var errNeedsTwo = errors.New("it compares two sides: choose other sides for this step")

// errNeedsServer says that a detector asks running servers, and got a freeze.
var errNeedsServer = errors.New("it asks a running server, which a freeze is not: choose other sides for this step")

// servers returns the running servers among the sides.
func (s Scene) servers() ([]target.Server, error) {
	var servers []target.Server
	for _, side := range s.Sides {
		live, ok := side.(liveSide)
		if !ok {
			return nil, errNeedsServer
		}
		servers = append(servers, live.server)
	}
	return servers, nil
}

// accountsAtOnce is how many accounts are looked at side by side: each has connections of
// its own, which a server has not many of.
const accountsAtOnce = 8

// eachAccount runs a look at each account, several side by side, and returns what they
// found, in the order of accounts and with the detector's name and time.
func (s Scene) eachAccount(ctx context.Context, detector string, look func(context.Context, string) ([]Finding, error)) ([]Finding, error) {
	found := make([][]Finding, len(s.Accounts))
	var taken atomic.Int64
	tasks := make([]func(context.Context) error, min(len(s.Accounts), accountsAtOnce))
	for i := range tasks {
		tasks[i] = func(ctx context.Context) (err error) {
			for next := taken.Add(1) - 1; err == nil && next < int64(len(s.Accounts)); next = taken.Add(1) - 1 {
				found[next], err = look(ctx, s.Accounts[next])
			}
			return err
		}
	}
	if err := s.Executor.Run(ctx, tasks...); err != nil {
		return nil, err
	}
	return s.sign(detector, slices.Concat(found...)), nil
}

// sign notes who found something, and when.
func (s Scene) sign(detector string, found []Finding) []Finding {
	now := s.Clock.Now()
	for i := range found {
		found[i].Detector, found[i].FoundAt = detector, now
	}
	return found
}

// Side is one of the two states that are compared: a running server, or what a
// freeze has kept of one.
type Side interface {
	Name() target.ServerName
	Snapshot(ctx context.Context, account string, level target.Level) (target.Snapshot, error)
}

// LiveSide is a running server as a [Side].
func LiveSide(server target.Server) Side { return liveSide{server} }

type liveSide struct{ server target.Server }

func (s liveSide) Name() target.ServerName { return s.server.Name() }

func (s liveSide) Snapshot(ctx context.Context, account string, level target.Level) (target.Snapshot, error) {
	return target.TakeSnapshot(ctx, s.server, account, level)
}

// Finding is one thing that a detector believes to be wrong.
type Finding struct {
	Detector string      `json:"detector"`
	Kind     target.Kind `json:"kind"`
	target.Place
	// Right is the server believed to be right, empty where the evidence does
	// not tell.
	Right    target.ServerName `json:"right,omitempty"`
	Evidence string            `json:"evidence"`
	FoundAt  time.Time         `json:"found_at"` // on the target's clock
}

// Doubtful says that the detector could not tell which side is right.
func (f Finding) Doubtful() bool { return f.Right == "" && !f.Kind.OfOneServer() }

func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s (%s", f.Kind, f.Place, f.Evidence)
	switch {
	case f.Right != "":
		text += fmt.Sprintf("; %s is believed right", f.Right)
	case f.Doubtful():
		text += "; which side is right cannot be told"
	}
	return text + ")"
}

// Key identifies a finding by what it says, apart from when and how it was
// found and from digests and values that differ between any two runs. Two
// targets find the same when their findings have the same keys.
func (f Finding) Key() string {
	return strings.Join([]string{f.Detector, string(f.Kind), string(f.Server), f.Account, f.Mailbox, fmt.Sprint(f.UID), f.Script, string(f.Right)}, "|")
}

// All returns the detectors whose findings depend on what they look at alone, in the
// order of the documentation.
func All() []Detector {
	return []Detector{
		Monitor{}, Access{}, IndexCompare{}, BodyCompare{}, SpoolCheck{}, ScriptCompare{}, ClientCaches{}, Health{},
		ListCompare{}, StatusCompare{}, LogWatch{}, CrashWatch{},
	}
}

// Sampled returns those that look at a part of it, which chance and the time of the
// look decide on: no two looks need find the same.
func Sampled() []Detector {
	const share = 0.1
	return []Detector{BodySample{Share: share}}
}

// ByName returns the detector of that name.
func ByName(name string) (Detector, bool) {
	for _, d := range slices.Concat(All(), Sampled()) {
		if d.Name() == name {
			return d, true
		}
	}
	return nil, false
}
