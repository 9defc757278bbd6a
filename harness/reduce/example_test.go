package reduce_test

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/reduce"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Of a long plan that loses mail is left what it takes.
func ExampleReduce() {
	const text = `apiVersion: cyrdrill/v1
name: long
title: Much happens, and then the master dies
accounts: [alice, bob, carol]
steps:
  - deliver: {count: 5}
  - work: {operations: 3}
  - wait: {until: replicated}
  - fault: {name: replication-stopped, on: master}
  - deliver: {to: [bob], count: 7}
  - work: {operations: 2}
  - fault: {name: process-killed, on: master}
  - promote
  - work: {operations: 2, only: [deliver]}
expect:
  properties: [no-loss]
`
	p, err := plan.Parse("long.yaml", []byte(text), drill.Names())
	if err != nil {
		fmt.Println(err)
		return
	}
	reduced, err := reduce.Reduce(context.Background(), p, reduce.Options{Run: reduce.OnTarget(sim.New()), Names: drill.Names()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reduced.Failure, reduced.After)
	for _, step := range reduced.Plan.Steps {
		fmt.Println(step.Kind)
	}
	// Output:
	// no-loss 1 of 1
	// fault
	// deliver
	// fault
	// promote
}
