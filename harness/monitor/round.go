package monitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CheckFailed is the kind of finding that a check could not be made: whoever is blind sees
// nothing wrong.
const CheckFailed target.Kind = "check-failed"

// Outcome is what became of a check in a round.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Failed  Outcome = "failed"
	LeftOut Outcome = "left-out" // the configuration gives nothing to look at
	Waits   Outcome = "waits"    // what it would find follows from what was found
)

// Check is one look at something.
type Check struct {
	Name    string            `json:"name"`
	Server  target.ServerName `json:"server,omitempty"` // empty: at both
	Outcome Outcome           `json:"outcome"`
	Why     string            `json:"why,omitempty"` // it failed, was left out or waits
	// Accounts are those that were looked at, sorted; nil: all of whom it can tell.
	Accounts []string      `json:"-"`
	Took     time.Duration `json:"-"`
}

// Round is what one round of checks has shown.
type Round struct {
	Began, Ended time.Time
	Checks       []Check
	Findings     []detect.Finding
	Lags         []Lag
}

// causes are the kinds that explain that a replica is behind, and that two sides differ.
func isCause(kind target.Kind) bool {
	switch kind {
	case target.ReplicationStopped, target.ServerDown, target.ServerHung:
		return true
	}
	return false
}

// cause returns a finding from which others follow.
func (r *Round) cause() (detect.Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f detect.Finding) bool { return isCause(f.Kind) && f.Detector == detect.Monitor{}.Name() })
	if i < 0 {
		return detect.Finding{}, false
	}
	return r.Findings[i], true
}

// behind returns the accounts whose copy is behind.
func (r *Round) behind() map[string]bool {
	accounts := map[string]bool{}
	for _, f := range r.Findings {
		if f.Kind == target.ReplicaBehind {
			accounts[f.Account] = true
		}
	}
	return accounts
}

// explains says whether a finding follows from another one of the round, so that people who
// are told of that need not be told of it.
func (r *Round) explains(f detect.Finding) bool {
	_, caused := r.cause()
	switch {
	case f.Kind == target.ReplicaBehind:
		return caused
	case f.Kind == CheckFailed:
		return r.dead(f.Server)
	case f.Detector == detect.StatusCompare{}.Name() || f.Detector == detect.ListCompare{}.Name():
		return caused || r.behind()[f.Account]
	}
	return false
}

// dead says whether a server was seen not to answer; of "" whether either was.
func (r *Round) dead(server target.ServerName) bool {
	return slices.ContainsFunc(r.Findings, func(f detect.Finding) bool {
		return (f.Kind == target.ServerDown || f.Kind == target.ServerHung) && f.Detector == detect.Monitor{}.Name() && (server == "" || f.Server == server)
	})
}

// looked says whether the round would have shown a finding, if it were there.
func (r *Round) looked(f detect.Finding) bool {
	switch f.Detector {
	case detect.Monitor{}.Name():
		if (f.Kind == target.ReplicationStopped || f.Kind == target.ReplicaBehind) && r.dead("") {
			return false // it looks at replication between two that live
		}
	case detect.Health{}.Name():
		if f.Kind != CheckFailed && r.dead(f.Server) {
			return false // it asks none that is dead
		}
	}
	return slices.ContainsFunc(r.Checks, func(c Check) bool {
		if c.Name != f.Detector || c.Server != "" && c.Server != f.Server && f.Kind != CheckFailed {
			return false
		}
		if f.Kind == CheckFailed {
			return c.Outcome == Done && (c.Server == "" || c.Server == f.Server)
		}
		if c.Outcome != Done || f.Kind == target.ClockWrong && c.Server != "" { // clocks are compared
			return false
		}
		_, known := slices.BinarySearch(c.Accounts, f.Account)
		return c.Accounts == nil || f.Account == "" || known
	})
}

// Unknown says whether a check has failed, so that there may be more than was found.
func (r *Round) Unknown() bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Outcome == Failed })
}

// check makes one check, and notes what became of it.
func (r *Round) check(ctx context.Context, within time.Duration, c Check, look func(context.Context) ([]detect.Finding, error)) {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	found, err := look(limited)
	c.Took = time.Since(began)
	var unsupported *target.UnsupportedError
	switch {
	case err == nil:
		c.Outcome = Done
	case errors.As(err, &unsupported):
		c.Outcome, c.Why = LeftOut, oneLine(err)
	default:
		if limited.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("it was not done within %s: %w", within, err)
		}
		c.Outcome, c.Why = Failed, oneLine(err)
		at := c.Server
		var nobody *target.UnreachableError
		if at == "" && errors.As(err, &nobody) {
			at = nobody.Server
		}
		r.Findings = append(r.Findings, detect.Finding{
			Detector: c.Name, Kind: CheckFailed, Place: target.Place{Server: at}, Evidence: c.Name + " could not look: " + c.Why, FoundAt: began,
		})
	}
	r.Checks = append(r.Checks, c)
	r.Findings = append(r.Findings, found...) // also of one that failed later on
}

func oneLine(err error) string { return plain(err.Error()) }

// plain keeps to one line what servers have said, and takes out what no environment holds.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
}
