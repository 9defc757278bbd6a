package plan_test

import (
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// What is wrong with a plan is said with its place.
func ExampleParse() {
	const text = `apiVersion: cyrdrill/v1
name: late-mail
title: The master dies
accounts: [alice]
steps:
  - fault: {name: proces-killed}
expect:
  properties: [no-loss]
`
	names := plan.Names{Faults: []plan.FaultName{{Name: "process-killed", KillsServer: true}}, Properties: []string{"no-loss"}}
	_, err := plan.Parse("late-mail.yaml", []byte(text), names)
	fmt.Println(err)
	// Output: late-mail.yaml:6:19: unknown fault "proces-killed"; did you mean "process-killed"?
}
