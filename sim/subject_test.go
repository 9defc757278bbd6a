package sim

import (
	"regexp"
	"testing"
)

// The rule as Cyrus has it, for comparison.
func TestBareSubject(t *testing.T) {
	rule := regexp.MustCompile(`(?i)^((re|fwd?)\s*:\s*)+|\s`)
	for _, subject := range []string{
		"", "a b", "Re: a", "RE : fwd:a b", "fw:", "Fw: Re:x: y", "re:re:\ta\tb", "Rest: a", "a Re: b", "r e: a", "Re", ":a", "Grüße: re: x",
	} {
		if got, want := bareSubject(subject), rule.ReplaceAllString(subject, ""); got != want {
			t.Errorf("%q becomes %q, want %q", subject, got, want)
		}
	}
}
