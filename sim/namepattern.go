package sim

import "strings"

// matches says whether a name matches a pattern of LIST (RFC 3501, section 6.3.8), where
// "/" parts names: "*" stands for anything, "%" for anything within one part.
func matches(pattern, name string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if at := strings.IndexByte(before, '%'); at >= 0 {
		before, after, wild = pattern[:at], pattern[at+1:], true
	}
	rest, ok := strings.CutPrefix(name, before)
	if !ok || !wild {
		return ok && rest == ""
	}
	within := pattern[len(before)] == '%'
	for i := range len(rest) + 1 {
		if matches(after, rest[i:]) {
			return true
		}
		if i < len(rest) && within && rest[i] == '/' {
			return false
		}
	}
	return false
}
