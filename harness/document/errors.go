package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a document, at its place in the file.
type Error struct {
	File         string
	Line, Column int    // from 1; columns count characters
	Problem      string // what is wrong
	Hint         string // what would mend it; may be empty
}

// Error returns "FILE:LINE:COLUMN: problem; hint", in one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Errors is everything that is wrong with a document, in order of place.
type Errors []*Error

// Error returns one line for each of the errors.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, each := range e {
		lines[i] = each.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one, for errors.As.
func (e Errors) Unwrap() []error {
	each := make([]error, len(e))
	for i := range e {
		each[i] = e[i]
	}
	return each
}

// Add adds one error; its file is not known yet.
func (e *Errors) Add(pos Pos, hint, format string, args ...any) {
	*e = append(*e, &Error{Line: pos.Line, Column: pos.Column, Problem: fmt.Sprintf(format, args...), Hint: hint})
}

// Of returns the errors sorted, with the file's name, or nil when there is
// none.
func (e Errors) Of(file string) error {
	if len(e) == 0 {
		return nil
	}
	for _, each := range e {
		each.File = file
	}
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Problem, b.Problem))
	})
	return e
}
