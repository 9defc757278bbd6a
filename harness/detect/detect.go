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
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Detector looks for one sort of damage.
type Detector interface {
	Name() string
	// Doc says in one line what it compares.
	Doc() string
	// Claims lists the kinds of damage that it promises to find.
	Claims() []target.Kind
	// Detect looks at the scene and returns what it found, in a fixed order.
	Detect(ctx context.Context, scene Scene) ([]Finding, error)
}

// Scene is what a detector looks at.
type Scene struct {
	Clock    target.Clock
	Executor target.Executor
	Accounts []string
	Sides    [2]Side
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
func (f Finding) Doubtful() bool { return f.Right == "" }

func (f Finding) String() string {
	right := "which side is right cannot be told"
	if !f.Doubtful() {
		right = string(f.Right) + " is believed right"
	}
	return fmt.Sprintf("%s: %s (%s; %s)", f.Kind, f.Place, f.Evidence, right)
}

// Key identifies a finding by what it says, apart from when and how it was
// found and from digests and values that differ between any two runs. Two
// targets find the same when their findings have the same keys.
func (f Finding) Key() string {
	return strings.Join([]string{f.Detector, string(f.Kind), string(f.Server), f.Account, f.Mailbox, fmt.Sprint(f.UID), f.Script, string(f.Right)}, "|")
}

// All returns the detectors, in the order of the documentation.
func All() []Detector { return []Detector{IndexCompare{}} }

// ByName returns the detector of that name.
func ByName(name string) (Detector, bool) {
	for _, d := range All() {
		if d.Name() == name {
			return d, true
		}
	}
	return nil, false
}
