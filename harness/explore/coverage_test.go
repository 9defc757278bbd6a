package explore

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/sim"
)

// What a drill exercises is in the map, and what none has is said to be so.
func TestCoverageKnowsWhatWasNever(t *testing.T) {
	p := written(t, "deliver", "work: {operations: 2, only: [flag]}", "fault: {name: index-truncated, on: replica}", kill, "freeze", "promote", "rescue")
	shown, err := OnTarget(sim.New())(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCoverage()
	c.Note(p, shown)
	hit := map[Dimension]string{
		FaultRolePhase: "index × index-truncated × replica × paired", OperationFault: "flag × process-killed", MarksReached: "freeze-complete",
		KindsOfDamage: "mailbox-unreadable", PropertyVerdict: "looking-changes-nothing × unknown", LogLines: "master: process started",
	}
	for d, field := range hit {
		if c[d][field] != 1 || slices.Contains(c.Never(d), field) || !slices.Contains(Fields(d), field) {
			t.Errorf("%s: %q was exercised %d times; fields: %v", d, field, c[d][field], c[d])
		}
	}
	for d, field := range map[Dimension]string{
		FaultRolePhase: "index × index-truncated × master × paired", OperationFault: "rename × process-killed", MarksReached: "resynced",
		KindsOfFindings: "access × mailbox-unreadable", ActsOfRestores: "copy",
	} {
		if !slices.Contains(c.Never(d), field) {
			t.Errorf("%s: %q was never exercised, and is not said to be so", d, field)
		}
	}
	var page, text bytes.Buffer
	s, tally := NewState("sim", 1, testLimits()), NewTally()
	tally.Coverage = c
	if err := s.WriteHTML(&page, tally); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteMap(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "never  index × index-truncated × master × paired") || strings.Contains(text.String(), "index-truncated × replica × paired") {
		t.Errorf("the map says:\n%.2000s", text.String())
	}
	if !strings.Contains(page.String(), `<td class="number seldom">1</td>`) || !strings.Contains(page.String(), "resynced") {
		t.Error("the page lacks what was exercised, or what never was")
	}
}

// Every field that a campaign counts is one that the catalogues know.
func TestNothingIsCountedThatNobodyKnows(t *testing.T) {
	tally := explored(t, NewState("sim", 2, testLimits()), Options{Drills: 120, Run: OnTarget(sim.New())})
	for _, d := range []Dimension{FaultRolePhase, MarksReached, KindsOfDamage, ActsOfRestores, PropertyVerdict, LogLines} {
		known := Fields(d)
		for field := range tally.Coverage[d] {
			if !slices.Contains(known, field) {
				t.Errorf("%s: %q is counted, and no catalogue knows it", d, field)
			}
		}
	}
	if lean := tally.Coverage.LeanTowards(); len(lean) != leanOn {
		t.Errorf("it leans towards %v", lean)
	}
}
