package compare

import (
	"cmp"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Verdict is what is known of an account, or of all.
type Verdict string

// The verdicts. What is known to differ outweighs what is not known.
const (
	Equal     Verdict = "equal"
	Different Verdict = "different"
	Unknown   Verdict = "unknown" // something could not be looked at, and nothing else differs
)

// Account is what came of one account.
type Account struct {
	Name     string           `json:"account"`
	Verdict  Verdict          `json:"verdict"`
	Findings []detect.Finding `json:"findings,omitempty"`
	// NotSeen is what could not be looked at.
	NotSeen []NotSeen `json:"not_seen,omitempty"`
}

// NotSeen is a look that came to nothing.
type NotSeen struct {
	Detector string `json:"detector"`
	Why      string `json:"why"`
}

// judge sets the verdict.
func (a *Account) judge() {
	switch {
	case len(a.Findings) > 0:
		a.Verdict = Different
	case len(a.NotSeen) > 0:
		a.Verdict = Unknown
	default:
		a.Verdict = Equal
	}
}

// Summary is what came of all accounts.
type Summary struct {
	Config    string                            `json:"config"`
	Servers   map[target.Role]target.ServerName `json:"servers"`
	Begun     time.Time                         `json:"begun"`
	Resumed   int                               `json:"resumed,omitempty"` // how often the run went on where it had been ended
	Ended     time.Time                         `json:"ended"`
	Verdict   Verdict                           `json:"verdict"`
	Accounts  int                               `json:"accounts"`
	Equal     int                               `json:"equal"`
	Different int                               `json:"different"`
	Unknown   int                               `json:"unknown"`
	Kinds     []KindCount                       `json:"kinds,omitempty"` // the most frequent first
	Detectors []string                          `json:"detectors"`
	// LeftOut is what the verdict says nothing about.
	LeftOut []NotSeen `json:"left_out,omitempty"`
}

// KindCount says how often one kind of damage was found.
type KindCount struct {
	Kind  target.Kind `json:"kind"`
	Count int         `json:"count"`
}

// add counts an account.
func (s *Summary) add(a Account) {
	s.Accounts++
	switch a.Verdict {
	case Equal:
		s.Equal++
	case Different:
		s.Different++
	default:
		s.Unknown++
	}
	for _, f := range a.Findings {
		i := slices.IndexFunc(s.Kinds, func(k KindCount) bool { return k.Kind == f.Kind })
		if i < 0 {
			i = len(s.Kinds)
			s.Kinds = append(s.Kinds, KindCount{Kind: f.Kind})
		}
		s.Kinds[i].Count++
	}
}

// conclude judges all that were counted. Nothing at all is not known to be equal.
func (s *Summary) conclude() {
	switch {
	case s.Different > 0:
		s.Verdict = Different
	case s.Unknown > 0, s.Accounts == 0:
		s.Verdict = Unknown
	default:
		s.Verdict = Equal
	}
	slices.SortStableFunc(s.Kinds, func(a, b KindCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind))
	})
}
