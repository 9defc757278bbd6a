package document

import (
	"fmt"
	"strings"
)

// Nearest returns the one of the known names that was most probably meant by
// word, and whether there is any. It forgives case, a third of the letters,
// and a name of which only the beginning or a part was given.
func Nearest(word string, known []string) (string, bool) {
	word = strings.ToLower(word)
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, name := range known {
		if d := editDistance(word, strings.ToLower(name)); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	if best != "" {
		return best, true
	}
	const tellingPart = 4 // shorter parts are in too many names
	for _, name := range known {
		if len(word) >= tellingPart && strings.Contains(strings.ToLower(name), word) {
			return name, true
		}
	}
	return "", false
}

// Suggest returns a hint for a word that is none of the known names.
func Suggest(word string, known []string) string {
	if name, ok := Nearest(word, known); ok {
		return fmt.Sprintf("did you mean %q?", name)
	}
	if len(known) == 0 {
		return "none is known"
	}
	return "known: " + strings.Join(known, ", ")
}

// editDistance counts the letters to insert, delete, replace, or swap with
// their neighbour that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	var beforeLast []int
	last := make([]int, len(rb)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(ra); i++ {
		row := make([]int, len(rb)+1)
		row[0] = i
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				row[j] = min(row[j], beforeLast[j-2]+1)
			}
		}
		beforeLast, last = last, row
	}
	return last[len(rb)]
}
