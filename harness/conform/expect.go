package conform

import (
	"fmt"
	"strings"
)

// Unmet returns what a plan promises of its steps and a trace of it does not show,
// one line each. A kept plan that shows nothing of what it is kept for would
// compare equal on two targets that are wrong alike.
func Unmet(trace Trace) []string {
	var lines []string
	for i, seen := range trace.Steps {
		for _, missing := range unmet(seen) {
			lines = append(lines, fmt.Sprintf("step %d, %s: %s", i+1, seen.Step, missing))
		}
	}
	return lines
}

func unmet(seen Seen) []string {
	var lines []string
	if want := seen.Step.Answers; want != "" && want != seen.Answer {
		lines = append(lines, fmt.Sprintf("answered %q, want %q", seen.Answer, want))
	}
	all := strings.Join(seen.Facts, "\n")
	for _, want := range seen.Step.Sees {
		if !strings.Contains(all, want) {
			lines = append(lines, fmt.Sprintf("%q is not seen in:\n    %s", want, strings.Join(seen.Facts, "\n    ")))
		}
	}
	for _, unwanted := range seen.Step.Lacks {
		if strings.Contains(all, unwanted) {
			lines = append(lines, fmt.Sprintf("%q is seen in:\n    %s", unwanted, strings.Join(seen.Facts, "\n    ")))
		}
	}
	return lines
}
