package drill_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

const drawn = `apiVersion: cyrdrill/v1
name: drawn
title: Whatever the seed draws, the pair bears it
accounts: [alice, bob]
steps:
  - deliver: {count: 2}
  - fault: {any: {sync-client-killed: 1, sync-log-foreign-line: 1, out-of-memory: 1, server-restarted: 1}}
  - deliver: {count: 2}
  - wait: {until: replicated}
expect:
  properties: [no-loss, no-doubles, access]
`

// The plan's seed draws the fault, and draws the same one each time.
func TestSeedDrawsTheFault(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(20) {
		var names [2]string
		for i := range names {
			p, err := plan.Parse("drawn.yaml", []byte(drawn), drill.Names())
			if err != nil {
				t.Fatal(err)
			}
			p.Seed = seed
			result := run(t, p)
			if result.Verdict != property.Pass || len(result.Faults) != 1 {
				t.Fatalf("seed %d: %s: %v, faults %v", seed, result.Verdict, result.Reasons, result.Faults)
			}
			names[i] = result.Faults[0].Name
		}
		if names[0] != names[1] {
			t.Errorf("seed %d drew %s, and then %s", seed, names[0], names[1])
		}
		seen[names[0]] = true
	}
	if len(seen) != 4 {
		t.Errorf("20 seeds drew %v", seen)
	}
}
