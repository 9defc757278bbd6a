package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

type listCommand struct {
	What   string `arg:"" optional:"" enum:",scenarios,regressions,faults,kinds,detectors,restorers,properties,marks" default:"" help:"One of scenarios, regressions, faults, kinds (of damage), detectors, restorers, properties, marks; all of them when left out."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// catalogueEntry is one thing that a plan can name.
type catalogueEntry struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

type catalogue struct {
	what    string
	entries []catalogueEntry
}

// Run implements the command.
func (c *listCommand) Run(a *app) error {
	all, err := catalogues()
	if err != nil {
		return err
	}
	chosen := map[string][]catalogueEntry{}
	text := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, each := range all {
		if c.What != "" && c.What != each.what {
			continue
		}
		chosen[each.what] = each.entries
		if c.Output == "text" {
			fmt.Fprintf(text, "%s:\n", strings.ToUpper(each.what[:1])+each.what[1:])
			for _, e := range each.entries {
				fmt.Fprintf(text, "  %s\t%s\n", e.Name, e.Doc)
			}
		}
	}
	if c.Output == "json" {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(chosen)
	}
	return text.Flush()
}

func catalogues() ([]catalogue, error) {
	incidents, err := plansOf("scenarios", scenarios.Names())
	if err != nil {
		return nil, err
	}
	regressions, err := plansOf("regressions", scenarios.Regressions())
	if err != nil {
		return nil, err
	}
	return []catalogue{
		incidents,
		regressions,
		describe("faults", fault.All()),
		kinds(),
		describe("detectors", slices.Concat(detect.All(), detect.Sampled())),
		describe("restorers", restore.All()),
		describe("properties", property.All()),
		marks(),
	}, nil
}

// plansOf lists plans that come with cyrdrill.
func plansOf(what string, names []string) (catalogue, error) {
	found := catalogue{what: what}
	for _, name := range names {
		text, err := scenarios.Text(name)
		if err != nil {
			return found, err
		}
		p, err := plan.Parse(scenarios.File(name), text, drill.Names())
		if err != nil {
			return found, err
		}
		found.entries = append(found.entries, catalogueEntry{name, p.Title})
	}
	return found, nil
}

func describe[T interface {
	Name() string
	Doc() string
}](what string, things []T) catalogue {
	c := catalogue{what: what}
	for _, thing := range things {
		c.entries = append(c.entries, catalogueEntry{thing.Name(), thing.Doc()})
	}
	return c
}

// kinds lists the kinds of damage, each with the detectors that claim to find it.
func kinds() catalogue {
	c := catalogue{what: "kinds"}
	for _, kind := range target.Kinds() {
		var claimed []string
		for _, d := range detect.All() {
			if slices.Contains(d.Promise().Kinds, kind) {
				claimed = append(claimed, d.Name())
			}
		}
		who := "claimed by no detector"
		if len(claimed) > 0 {
			who = "claimed by " + strings.Join(claimed, ", ")
		}
		c.entries = append(c.entries, catalogueEntry{string(kind), who})
	}
	return c
}

func marks() catalogue {
	c := catalogue{what: "marks"}
	for _, m := range drill.Marks() {
		c.entries = append(c.entries, catalogueEntry{m.Name, m.Doc})
	}
	return c
}
