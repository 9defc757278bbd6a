package drill_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/sim"
)

//go:embed testdata/determinism.yaml
var determinismPlan string

// trace plays a drill and writes down all that can be told of it: each event and
// each line of the ledger as it came, what happened within the simulator, the
// result, and the evidence. Real time alone is left out.
func trace(t *testing.T, p *plan.Plan) (text string, verdict property.Verdict) {
	t.Helper()
	var out bytes.Buffer
	pair := newPair(t, p)
	result, evidence := drill.Run(t.Context(), p, pair, drill.Options{Target: "sim", Ledger: &out, Observe: func(e drill.Event) {
		fmt.Fprintf(&out, "%+v\n", e)
	}})
	for _, line := range pair.(*sim.Pair).Trace() {
		fmt.Fprintln(&out, line)
	}
	result.Wall = 0
	for _, part := range []any{result, evidence} {
		if err := json.NewEncoder(&out).Encode(part); err != nil {
			t.Fatal(err)
		}
	}
	return out.String(), result.Verdict
}

// firstDifference points at where two traces part.
func firstDifference(a, b string) string {
	one, other := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(one), len(other)) {
		if one[i] != other[i] {
			return fmt.Sprintf("line %d:\n%.500s\n%.500s", i+1, one[i], other[i])
		}
	}
	return fmt.Sprintf("one has %d lines, the other %d", len(one), len(other))
}

// A plan and a seed give one drill, byte for byte, however often it is played and
// on however many processors.
func TestOneSeedOneDrill(t *testing.T) {
	const seeds = 200
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	p := parse(t, determinismPlan)
	traces := make([]string, seeds)
	verdicts, distinct := map[property.Verdict]int{}, map[string]bool{}
	for round, processors := range []int{1, 8} {
		runtime.GOMAXPROCS(processors)
		for i := range traces {
			p.Seed = uint64(i)
			text, verdict := trace(t, p)
			switch {
			case round == 0:
				traces[i], distinct[text] = text, true
				verdicts[verdict]++
			case text != traces[i]:
				t.Fatalf("seed %d gave another drill on %d processors, from %s", i, processors, firstDifference(traces[i], text))
			}
		}
	}
	if len(distinct) != seeds {
		t.Errorf("%d seeds gave %d drills", seeds, len(distinct))
	}
	if verdicts[property.Pass] < seeds/2 {
		t.Errorf("too few drills got to their end to mean anything: %v", verdicts)
	}
}
