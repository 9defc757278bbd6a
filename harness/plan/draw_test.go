package plan

import (
	"math/rand/v2"
	"strings"
	"testing"
)

const drawing = `apiVersion: cyrdrill/v1
name: drawn
title: One of several
accounts: [alice]
steps:
  - fault: {any: {log-cut: 1, disk-full: 3}, by: 2s, rate: 5, loss: 7}
expect:
  properties: [no-loss]
`

// A fault is drawn as often as its weight says, whatever order the plan writes.
func TestDraw(t *testing.T) {
	p, err := Parse("drawn.yaml", []byte(drawing), testNames)
	if err != nil {
		t.Fatal(err)
	}
	turned, err := Parse("drawn.yaml", []byte(strings.Replace(drawing, "log-cut: 1, disk-full: 3", "disk-full: 3, log-cut: 1", 1)), testNames)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]int{}
	one, other := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(1, 1))
	for range 4000 {
		name := p.Steps[0].Fault.Draw(one.IntN)
		drawn[name]++
		if again := turned.Steps[0].Fault.Draw(other.IntN); again != name {
			t.Fatalf("written the other way round the same chance draws %s and not %s", again, name)
		}
	}
	if n := drawn["disk-full"]; len(drawn) != 2 || n < 2900 || n > 3100 {
		t.Errorf("of 4000 draws at weights 1 and 3: %v", drawn)
	}
	printed, err := Parse("printed.yaml", Format(p), testNames)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(Format(printed)), string(Format(p)); got != want || !strings.Contains(got, "any: {disk-full: 3, log-cut: 1}") || !strings.Contains(got, "by: 2s, rate: 5, loss: 7") {
		t.Errorf("printed:\n%s\nand again:\n%s", want, got)
	}
}
