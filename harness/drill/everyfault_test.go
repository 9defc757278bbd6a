package drill_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
)

// drawable are the faults that leave both servers running, in the same roles: a plan
// may draw among these.
func drawable() (names []string) {
	for _, f := range fault.All() {
		if e := f.Effects(); !e.StopsReplication && !e.KillsServer && !e.Promotes && !e.NeedsMovingClock && !e.NeedsSmallDisk {
			names = append(names, f.Name())
		}
	}
	return names
}

// everyFault is a plan whose seed draws two faults, and in which every detector looks.
func everyFault() string {
	var halves [2][]string // a plan may not have one fault twice
	for i, name := range drawable() {
		halves[i%2] = append(halves[i%2], name+": 1")
	}
	draw := func(names []string) string { return "  - fault: {any: {" + strings.Join(names, ", ") + "}}\n" }
	var text strings.Builder
	text.WriteString("apiVersion: cyrdrill/v1\nname: every-fault\ntitle: Whatever breaks breaks alike\naccounts: [alice, bob]\nsteps:\n" +
		"  - seed: {mailboxes: 3, messages: 9}\n  - rules\n  - work: {operations: 4}\n  - wait: {until: replicated, within: 30s}\n" +
		draw(halves[0]) + "  - work: {operations: 3}\n" + draw(halves[1]))
	for _, d := range detect.All() {
		fmt.Fprintf(&text, "  - detect: {detector: %s, sides: pair}\n", d.Name())
	}
	text.WriteString("expect:\n  properties: [no-loss, access]\n")
	return text.String()
}

// One seed gives one drill whatever fault it draws, on however many processors.
func TestOneSeedOneDrillWhateverBreaks(t *testing.T) {
	const seeds = 150
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	p := parse(t, everyFault())
	drawn := map[string]bool{}
	for seed := range uint64(seeds) {
		p.Seed = seed
		runtime.GOMAXPROCS(1)
		one, _ := trace(t, p)
		runtime.GOMAXPROCS(8)
		if other, _ := trace(t, p); one != other {
			t.Fatalf("seed %d gave another drill on 8 processors, from %s", seed, firstDifference(one, other))
		}
		for _, name := range drawable() {
			if strings.Contains(one, `"`+name+`"`) {
				drawn[name] = true
			}
		}
	}
	if all := len(drawable()); len(drawn) < all*3/4 {
		t.Errorf("%d seeds drew %d faults of %d: too few to mean anything", seeds, len(drawn), all)
	}
}
