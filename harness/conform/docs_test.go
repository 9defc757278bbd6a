package conform_test

import (
	"os"
	"regexp"
	"testing"
)

// Each plan that is kept stands in docs/conformance.md, in a table's last column,
// and each that stands there is kept.
func TestDocumentationListsEveryKeptPlan(t *testing.T) {
	text, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	kept := keptPlans(t)
	for name := range kept {
		if !regexp.MustCompile(`[|,` + "`" + ` ]` + regexp.QuoteMeta(name) + `[,` + "`" + ` |]`).Match(text) {
			t.Errorf("%s is kept, and docs/conformance.md does not say what it shows", name)
		}
	}
}
