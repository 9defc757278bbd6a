package drill_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// A message whose file is cut off may keep half of its marker. What users do to it is
// about no message that was ever sent, and the ledger must not say that it is.
func TestAMessageWithHalfAMarkerIsLeftAlone(t *testing.T) {
	p := parse(t, `apiVersion: cyrdrill/v1
name: half-a-marker
title: A message is cut off within its marker
seed: 3015536604
pair: {cyrus: trixie, repeatInterval: 0s}
accounts: [alice]
steps:
  - rules
  - deliver: {count: 1}
  - fault: {name: message-file-truncated, on: master, count: 1}
  - work: {operations: 1, only: [expunge]}
expect:
  properties: [rules-current]
`)
	result, _ := drill.Run(t.Context(), p, newPair(t, p), drill.Options{Target: "sim"})
	if result.Verdict != property.Pass {
		t.Errorf("%s: %q", result.Verdict, result.Reasons)
	}
}
