package conform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/conform"
)

func TestUnmet(t *testing.T) {
	seen := conform.Seen{Answer: "NO", Facts: []string{"UID 1: body as recorded", "UID 2: body missing"}}
	for name, test := range map[string]struct {
		step conform.Step
		want []string
	}{
		"nothing promised": {conform.Step{}, nil},
		"kept":             {conform.Step{Answers: "NO", Sees: []string{"UID 2", "missing"}, Lacks: []string{"UID 3"}}, nil},
		"answer":           {conform.Step{Answers: "OK"}, []string{`answered "NO", want "OK"`}},
		"not seen":         {conform.Step{Sees: []string{"UID 1", "another"}}, []string{`"another" is not seen`}},
		"seen":             {conform.Step{Lacks: []string{"missing"}}, []string{`"missing" is seen`}},
	} {
		seen.Step = test.step
		got := conform.Unmet(conform.Trace{Steps: []conform.Seen{seen}})
		if !slices.EqualFunc(got, test.want, func(got, want string) bool { return strings.Contains(got, want) }) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
