package main

import (
	"os"
	"strings"
	"testing"
)

// Whatever a plan can name stands in the guide to writing plans, or in the list of
// faults or of detectors that it refers to.
func TestGuideNamesTheWholeCatalogue(t *testing.T) {
	var guide string
	for _, page := range []string{"writing-plans.md", "faults.md", "detectors.md"} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		guide += string(text)
	}
	all, err := catalogues()
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range all {
		if each.what == "scenarios" || each.what == "regressions" {
			continue // they come and go without a word in the guide
		}
		for _, entry := range each.entries {
			if !strings.Contains(guide, "| `"+entry.Name+"` |") {
				t.Errorf("the guide has no row for %s of the %s", entry.Name, each.what)
			}
		}
	}
}
