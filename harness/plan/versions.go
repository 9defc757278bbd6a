package plan

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Versions is a set of versions of Cyrus: those within all of its bounds.
type Versions struct {
	text   string
	bounds []bound
}

// bound is one condition on a version.
type bound struct {
	relation string // "<", "<=", ">", ">="; empty: the version itself, and what begins with it
	version  version
}

// version is a version's numbers, and whether it comes before the release of that number
// (3.12.0~rc1, 3.12.0-beta2).
type version struct {
	numbers []int
	pre     bool
}

var (
	boundText   = regexp.MustCompile(`^(<=|>=|<|>|)([0-9]{1,6}(?:\.[0-9]{1,6})*)$`)
	versionText = regexp.MustCompile(`[0-9]+(?:\.[0-9]+)+`)
	preRelease  = regexp.MustCompile(`^(~|[-.]?(alpha|beta|rc|dev))`)
)

// ParseVersions reads bounds with spaces between them: "<3.12", ">=3.8 <3.13.1", "3.10".
func ParseVersions(text string) (Versions, error) {
	v := Versions{text: strings.Join(strings.Fields(text), " ")}
	for _, part := range strings.Fields(text) {
		found := boundText.FindStringSubmatch(part)
		if found == nil {
			return Versions{}, fmt.Errorf("%q is no bound on a version; write \"<3.12\", \">=3.8 <3.13.1\" or \"3.10\"", part)
		}
		v.bounds = append(v.bounds, bound{found[1], version{numbers: numbersOf(found[2])}})
	}
	if len(v.bounds) == 0 {
		return Versions{}, fmt.Errorf("there is no bound; write \"<3.12\", \">=3.8 <3.13.1\" or \"3.10\"")
	}
	return v, nil
}

// String returns the bounds as they were written.
func (v Versions) String() string { return v.text }

// Equal says whether both were written alike.
func (v Versions) Equal(other Versions) bool { return v.text == other.text }

// Has says whether a version is one of these. It takes what a [target.Pair] calls its
// version: "3.10.2-1+deb13u2", "model of 3.6.1"; the error says that there is no number
// in it.
//
// [target.Pair]: https://pkg.go.dev/github.com/cyrdrill/cyrdrill/harness/target#Pair
func (v Versions) Has(text string) (bool, error) {
	at := versionText.FindStringIndex(text)
	if at == nil {
		return false, fmt.Errorf("%q is no version of Cyrus that could be compared", text)
	}
	is := version{numbersOf(text[at[0]:at[1]]), preRelease.MatchString(text[at[1]:])}
	for _, b := range v.bounds {
		if !b.holds(is) {
			return false, nil
		}
	}
	return true, nil
}

func (b bound) holds(v version) bool {
	order := v.compare(b.version)
	switch b.relation {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	n := len(b.version.numbers)
	return len(v.numbers) >= n && version{numbers: v.numbers[:n]}.compare(b.version) == 0
}

// compare orders versions by their numbers, in which one that is missing is 0.
func (v version) compare(other version) int {
	for i := range max(len(v.numbers), len(other.numbers)) {
		if order := cmp.Compare(numberAt(v.numbers, i), numberAt(other.numbers, i)); order != 0 {
			return order
		}
	}
	switch {
	case v.pre == other.pre:
		return 0
	case v.pre:
		return -1
	}
	return 1
}

func numberAt(numbers []int, i int) int {
	if i < len(numbers) {
		return numbers[i]
	}
	return 0
}

// numbersOf reads digits with dots between them.
func numbersOf(text string) []int {
	var numbers []int
	for _, part := range strings.Split(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			n = 1 << 30 // more digits than any version has
		}
		numbers = append(numbers, n)
	}
	return numbers
}
