package conform_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/conform"
)

// A plan keeps the steps without which it does not differ, what it says about itself,
// and its budget.
func TestReduce(t *testing.T) {
	p := conform.Plan{Because: "of a needle", Suites: []string{"trixie"}}
	for i := range 40 {
		p.Steps = append(p.Steps, conform.Step{Op: conform.Append, Message: i})
	}
	holds := func(p conform.Plan) bool {
		found := 0
		for _, s := range p.Steps {
			if s.Message == 11 || s.Message == 37 {
				found++
			}
		}
		return found == 2
	}
	runs := 0
	counted := func(p conform.Plan) bool { runs++; return holds(p) }
	short := conform.Reduce(p, 200, counted)
	if len(short.Steps) != 2 || !holds(short) || short.Because != p.Because || len(short.Suites) != 1 {
		t.Errorf("left is %+v", short)
	}
	runs = 0
	if cut := conform.Reduce(p, 3, counted); runs != 3 || !holds(cut) || len(cut.Steps) >= 40 {
		t.Errorf("after %d runs of 3 %d steps are left", runs, len(cut.Steps))
	}
}
