package drill_test

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/sim"
)

// A plan is run on a pair that has what it needs. On real servers take cyrus.New() of
// harness/cyrus in the place of sim.New().
func ExampleRun() {
	const text = `apiVersion: cyrdrill/v1
name: planned-switch
title: The roles are swapped in a planned way
accounts: [alice]
steps:
  - deliver: {count: 3}
  - failback
  - deliver
expect:
  marks: [roles-swapped]
  properties: [no-loss, convergence]
`
	p, err := plan.Parse("planned-switch.yaml", []byte(text), drill.Names())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, on := context.Background(), sim.New()
	pair, err := on.NewPair(ctx, drill.Spec(p))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pair.Close(ctx)
	result, _ := drill.Run(ctx, p, pair, drill.Options{Target: on.Name()})
	fmt.Println(result.Verdict)
	for _, property := range result.Properties {
		fmt.Println(property.Name, property.Verdict)
	}
	// Output:
	// pass
	// no-loss pass
	// convergence pass
}
