package main

import (
	"os"
	"strings"
	"testing"
)

// Whatever a plan can name stands in the guide to writing plans.
func TestGuideNamesTheWholeCatalogue(t *testing.T) {
	guide, err := os.ReadFile("../../docs/writing-plans.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := catalogues()
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range all {
		if each.what == "scenarios" {
			continue // they come and go without a word in the guide
		}
		for _, entry := range each.entries {
			if !strings.Contains(string(guide), "| `"+entry.Name+"` |") {
				t.Errorf("docs/writing-plans.md has no row for %s of the %s", entry.Name, each.what)
			}
		}
	}
}
