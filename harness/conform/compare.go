package conform

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// Difference is where two traces of one plan part: the first step whose answer or
// facts are not the same.
type Difference struct {
	At   int // index of the step
	Step Step
	// Lines are what the one has ("- …") and the other has not ("+ …").
	Lines []string
}

// Compare returns the first difference of two traces of one plan, or nil. Later
// ones mostly follow from it.
func Compare(a, b Trace) *Difference {
	for i := range a.Steps {
		if i == len(b.Steps) {
			return &Difference{At: i, Step: a.Steps[i].Step, Lines: []string{"- the step was reached"}}
		}
		if lines := compareSeen(a.Steps[i], b.Steps[i]); len(lines) > 0 {
			return &Difference{At: i, Step: a.Steps[i].Step, Lines: lines}
		}
	}
	return nil
}

func compareSeen(a, b Seen) []string {
	var lines []string
	if a.Answer != b.Answer {
		lines = append(lines, "- answered: "+a.Answer+" "+a.Why, "+ answered: "+b.Answer+" "+b.Why)
	}
	inA, inB := setOf(a.Facts), setOf(b.Facts)
	for _, fact := range a.Facts {
		if !inB[fact] {
			lines = append(lines, "- "+a.explained(fact))
		}
	}
	for _, fact := range b.Facts {
		if !inA[fact] {
			lines = append(lines, "+ "+b.explained(fact))
		}
	}
	if len(lines) == 0 && !cmp.Equal(a.Facts, b.Facts) {
		lines = append(lines, "  the same facts in another order")
	}
	return lines
}

// explained is a fact with the evidence for it, where there is any.
func (s Seen) explained(fact string) string {
	if evidence := s.Evidence[fact]; evidence != "" {
		return fact + " (" + evidence + ")"
	}
	return fact
}

func setOf(facts []string) map[string]bool {
	set := make(map[string]bool, len(facts))
	for _, fact := range facts {
		set[fact] = true
	}
	return set
}

func (d *Difference) String() string {
	return fmt.Sprintf("step %d, %s:\n  %s", d.At+1, d.Step, strings.Join(d.Lines, "\n  "))
}
