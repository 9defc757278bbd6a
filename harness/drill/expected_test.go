package drill_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// lossy is a drill that loses mail on any Cyrus: nobody restores it.
const lossy = `apiVersion: cyrdrill/v1
name: lossy
title: What was not replicated is lost
accounts: [alice]
steps:
  - deliver: {count: 2}
  - wait: {until: replicated}
  - fault: {name: replication-stopped, on: master}
  - deliver: {count: 2}
  - fault: {name: process-killed, on: master}
  - freeze
  - promote
FAILS
expect:
  marks: [sync-client-frozen]
  properties: [no-loss, no-doubles]
`

// A drill fails as expected in one way only; whatever else it does, also to pass, is a
// failure.
func TestExpectedFailure(t *testing.T) {
	restored := strings.NewReplacer("FAILS", "  - rescue\n  - detect: {detector: index-compare, sides: freeze}\n  - restore: {restorer: copy-missing}\nFAILS").Replace(lossy)
	unplugged := strings.Replace(lossy, "  - fault: {name: replication-stopped, on: master}\n", "", 1)
	for _, test := range []struct {
		name, text, fails string
		verdict           property.Verdict
		met, applies      bool
		because           string // in the last of the reasons
	}{
		{"as expected", lossy, `{cyrus: "<3.12", properties: [no-loss], because: it loses, fix: "1234567"}`, property.Fail, true, true, ""},
		{"on another version it is a failure like any other", lossy, `{cyrus: ">=3.12", properties: [no-loss], because: it loses}`, property.Fail, false, false, "it was acknowledged and is not there"},
		{"a fix is noticed", restored, `{cyrus: "<3.12", properties: [no-loss], because: it loses, fix: "1234567"}`, property.Fail, false, true,
			`it ought to fail, and did not: it loses (Cyrus <3.12; mended by 1234567); where Cyrus model of 3.6.1 has no such bug any more, narrow the plan's "fails"`},
		{"fixed where it should be", restored, `{cyrus: ">=3.12", properties: [no-loss], because: it loses}`, property.Pass, false, false, ""},
		{"by another property", lossy, `{cyrus: "<3.12", properties: [no-doubles], because: it doubles}`, property.Fail, false, true, "broken properties: no-loss instead of no-doubles"},
		{"by more than was said", unplugged, `{cyrus: "<3.12", marks: [sync-client-frozen], because: no fault}`, property.Fail, true, true, ""},
		{"and a mark is missed as well", strings.Replace(unplugged, "  - deliver: {count: 2}\n  - fault", "  - fault", 1),
			`{cyrus: "<3.12", properties: [no-loss], because: it loses}`, property.Fail, false, true, "broken properties: none instead of no-loss"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result := run(t, parse(t, strings.Replace(test.text, "FAILS", "fails: "+test.fails, 1)))
			if result.Verdict != test.verdict || result.FailedAsExpected() != test.met || result.Expected.Applies != test.applies {
				t.Fatalf("%s, as expected: %v, %+v: %v", result.Verdict, result.FailedAsExpected(), result.Expected, result.Reasons)
			}
			if want := test.met || test.verdict == property.Pass; (result.Bottom() == property.Pass) != want {
				t.Errorf("as a whole: %s", result.Bottom())
			}
			if test.because != "" && !strings.Contains(result.Reasons[len(result.Reasons)-1], test.because) {
				t.Errorf("the reasons are %q, without %q", result.Reasons, test.because)
			}
			text, err := json.Marshal(result)
			if err == nil {
				err = drill.CheckResult(text)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// A step that fails as it was said to is expected; by another error it is not.
func TestExpectedFailureOfAStep(t *testing.T) {
	const stuck = `apiVersion: cyrdrill/v1
name: stuck
title: The replica is full, and replication never comes to rest
accounts: [alice]
steps:
  - fault: {name: disk-full, on: replica}
  - deliver
  - wait: {until: replicated, within: 5s}
fails: {cyrus: "3.6", step: wait, saying: SAYING, because: it is stuck}
expect:
  properties: [no-loss]
`
	for saying, met := range map[string]bool{"within 5s": true, "no route to host": false} {
		result := run(t, parse(t, strings.Replace(stuck, "SAYING", saying, 1)))
		if result.FailedAsExpected() != met || result.Verdict != property.Unknown {
			t.Errorf("saying %q: %s, as expected: %v: %v", saying, result.Verdict, result.FailedAsExpected(), result.Reasons)
		}
	}
}

// Of a drill that was interrupted nothing is to be expected.
func TestAnInterruptIsNoExpectedFailure(t *testing.T) {
	p := parse(t, strings.Replace(lossy, "FAILS", `fails: {cyrus: "3", properties: [no-loss], because: it loses}`, 1))
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	result, _ := drill.Run(ctx, p, newPair(t, p), drill.Options{Target: "sim", Observe: func(e drill.Event) {
		if e.Kind == drill.EventStepStarted && p.Steps[e.Step-1].Kind == plan.KindFreeze {
			interrupt()
		}
	}})
	if result.FailedAsExpected() || result.Verdict == property.Pass {
		t.Errorf("%s, as expected: %v", result.Verdict, result.FailedAsExpected())
	}
}
