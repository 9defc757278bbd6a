package drill_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// An index that reconstruct has made anew has no flags. That its user took them away is
// no more to be read from it where the message was moved than where it is still there.
func TestFlagsThatWentWithAnIndexAreNotTakenFromWhatWasMoved(t *testing.T) {
	p := parse(t, `apiVersion: cyrdrill/v1
name: moved-from-a-rebuilt-index
title: The master dies amid a reconstruct, and mail is moved on its replica
seed: 2910971518
pair: {cyrus: bookworm, repeatInterval: 0s}
accounts: [alice]
steps:
  - seed: {mailboxes: 4, messages: 6}
  - rules
  - wait: {until: replicated, within: 1m}
  - fault: {name: killed-amid-reconstruct, on: master, count: 1}
  - freeze
  - promote: {server: replica}
  - work: {operations: 4, only: [subscribe, unsubscribe, rename, expunge, delete, flag, move, create, deliver, copy, append, setacl, setquota]}
  - rescue: {server: old-master}
  - restore: {restorer: merge-flags}
expect:
  properties: [state-kept]
`)
	result, _ := drill.Run(t.Context(), p, newPair(t, p), drill.Options{Target: "sim"})
	if result.Verdict != property.Pass {
		t.Errorf("%s: %q", result.Verdict, result.Reasons)
	}
}
