package plan

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What can be carried out is not refused, odd as it may be. That the rest is
// refused, with its messages, is in testdata/bad.txt.
func TestOrderAllows(t *testing.T) {
	for name, steps := range map[string][]string{
		"traffic while nobody serves": {
			"fault: {name: process-killed}", "deliver", "append: {account: alice}", "expunge: {account: bob, count: 9}",
		},
		"a promotion without replication trouble": {
			"deliver: {count: 2}", "fault: {name: process-killed}", "promote", "expunge: {account: alice, count: 2}",
		},
		"a promotion without a freeze": {"fault: {name: process-killed}", "promote"},
		"a freeze of two living sides, which is complete at once": {
			"freeze", "detect: {detector: index-compare, sides: freeze}",
		},
		"a rescue before the freeze is needed": {
			"freeze", "fault: {name: process-killed}", "promote", "detect: {detector: index-compare, sides: freeze}", "rescue",
			"restore: {restorer: copy-missing}", "restore: {restorer: copy-missing}",
		},
		"a dead replica":                          {"fault: {name: process-killed, on: replica}", "deliver", "expunge: {account: alice}"},
		"both sides dead":                         {"fault: {name: process-killed}", "fault: {name: process-killed, on: replica}", "freeze"},
		"two faults that differ, on one side":     {"fault: {name: replication-stopped}", "fault: {name: index-damaged}"},
		"one fault on each side":                  {"fault: {name: index-damaged}", "fault: {name: index-damaged, on: replica}"},
		"damage to a dead server's disk":          {"fault: {name: process-killed}", "fault: {name: index-damaged}"},
		"damage to the rescued store":             {"fault: {name: process-killed}", "promote", "rescue", "fault: {name: index-damaged, on: old-master}"},
		"a second death, of the new master":       {"fault: {name: process-killed}", "promote", "fault: {name: process-killed}", "deliver"},
		"an expunge of mail that came after":      {"fault: {name: replication-stopped}", "deliver", "expunge: {account: bob}"},
		"an expunge of what is new on the master": {"fault: {name: process-killed}", "promote", "deliver", "expunge: {account: bob}"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: cyrdrill/v1\nname: order\ntitle: In order\naccounts: [alice, bob]\nsteps:\n  - " +
				strings.Join(steps, "\n  - ") + "\nexpect: {properties: [no-loss]}\n"
			if _, err := Parse("order.yaml", []byte(text), testNames); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// The bound on what a replica can hold is held against every outcome that
// chance may have, message by message.
func TestMailIsAnUpperBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bound mail
		var truth []bool // of each message: can the replica have it?
		replicating := true
		for range rapid.IntRange(1, 12).Draw(t, "operations") {
			count := rapid.IntRange(1, 4).Draw(t, "count")
			if rapid.Bool().Draw(t, "store") {
				replicating = replicating && !rapid.Bool().Draw(t, "replication stops")
				bound.store(count, replicating)
				for range count {
					truth = append(truth, replicating)
				}
				continue
			}
			count = min(count, len(truth))
			which := rapid.SampledFrom([]Which{Oldest, Newest, Random}).Draw(t, "which")
			bound.expunge(count, which)
			for range count {
				i := map[Which]int{Oldest: 0, Newest: len(truth) - 1}[which]
				if which == Random {
					i = rapid.IntRange(0, len(truth)-1).Draw(t, "chosen")
				}
				truth = append(truth[:i:i], truth[i+1:]...)
			}
		}
		if bound.total() != len(truth) {
			t.Fatalf("the master holds %d, counted are %d", len(truth), bound.total())
		}
		stay := 0
		for _, stays := range truth {
			if stays {
				stay++
			}
		}
		bound.moveToReplica()
		if bound.total() < stay {
			t.Fatalf("the replica can hold %d, counted are %d", stay, bound.total())
		}
	})
}
