package explore

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func TestTry(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	groups := map[string]int{}
	first := map[string]uint64{}
	void := map[string]int{}
	verdicts := map[string]int{}
	rec := 0
	start := time.Now()
	var gen time.Duration
	steps := 0
	for i := range uint64(n) {
		g := time.Now()
		p, err := Draw(1, i, nil, Limits{Suites: []string{"bookworm", "trixie"}})
		if err != nil {
			t.Fatal(err)
		}
		gen += time.Since(g)
		steps += len(p.Steps)
		pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: p.Seed, Suite: p.Pair.Cyrus, Accounts: p.Accounts, RepeatInterval: p.Pair.RepeatInterval})
		if err != nil {
			t.Fatal(err)
		}
		r, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "sim"})
		verdicts[string(r.Verdict)]++
		if Foresee(p).Recoverable {
			rec++
		}
		if Void(r) {
			for _, s := range r.Steps {
				if s.Status == drill.StepFailed {
					name := s.Kind
					if p.Steps[s.Number-1].Kind == plan.KindFault {
						name += " " + p.Steps[s.Number-1].Fault.Name.Name + " " + string(p.Steps[s.Number-1].Fault.On)
					}
					void[name+": "+shape(s.Error)]++
					break
				}
			}
		}
		for _, f := range Judge(p, r) {
			if groups[f.Key()]++; groups[f.Key()] == 1 {
				first[f.Key()] = i
			}
		}
	}
	fmt.Println(n, "drills", time.Since(start), "generating", gen, "steps", steps, verdicts, "recoverable", rec)
	show := func(m map[string]int) {
		keys := []string{}
		for k := range m {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b string) int { return m[b] - m[a] })
		for _, k := range keys[:min(len(keys), 60)] {
			fmt.Println(m[k], first[k], strings.ReplaceAll(k, "\n", " "))
		}
	}
	fmt.Println("VOID")
	show(void)
	fmt.Println("FAIL")
	show(groups)
}
