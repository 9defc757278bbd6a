// Package baseline holds what operators use today to find out whether a replica is good,
// as detectors: so that a scorecard shows what the others are worth beside it.
//
// They are not among [detect.All]. Some of them need an operator's hands, and some alter
// what they look at, as those tools do: see [Alterer].
//
//	go test ./harness/detect/baseline
package baseline

import (
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Alterer is a detector that may alter the servers that it looks at. Whoever lets several
// detectors look at one pair lets it look last, or at a pair of its own.
type Alterer interface {
	// Alters says whether it does.
	Alters() bool
}

// All returns the baselines, in the order of the documentation. Their hands are the
// operator's.
func All(operator target.Operator) []detect.Detector {
	return []detect.Detector{SyncCRC{}, Status{}, SyncUser{operator}, ReconstructLook{operator}}
}

// Alters says whether a detector may alter what it looks at.
func Alters(d detect.Detector) bool {
	a, ok := d.(Alterer)
	return ok && a.Alters()
}

// Status is [detect.StatusCompare] under the name that it has as a baseline.
type Status struct{ detect.StatusCompare }

// Name implements [detect.Detector].
func (Status) Name() string { return "baseline-status" }
