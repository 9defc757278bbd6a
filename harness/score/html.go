package score

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed score.html.tmpl
var pageText string

// WriteHTML writes the score as one page with a heat map, fault by detector, and a map of
// what was tried; it needs no script and no network.
func (s Score) WriteHTML(w io.Writer) error {
	page, err := template.New("score").Funcs(template.FuncMap{"class": class, "hint": hint, "ratio": ratioInWords, "covered": coveredClass}).Parse(pageText)
	if err != nil {
		return err
	}
	failures, unknowns := s.Shortcomings()
	coverage := Cover(s)
	return page.Execute(w, struct {
		Score
		Tallies            []Tally
		Failures, Unknowns []string
		Coverage           Coverage
		Versions           []Version
		Roles              []target.Role
	}{s, s.Tallies(), failures, unknowns, coverage, coverage.Versions(), Roles()})
}

// coveredClass names the colour of a cell of the coverage. Only what was found looks well.
func coveredClass(c Covered) string {
	switch {
	case c.State != Tried:
		return map[State]string{NotTried: "untried", AllVoid: "failed", NoSense: "none"}[c.State]
	case c.Missed > 0 && c.Found > 0:
		return "part"
	case c.Missed > 0:
		return "missed"
	case c.Found > 0:
		return "found"
	default:
		return "quiet"
	}
}

// class names a cell's colour.
func class(c Cell) string {
	return map[string]string{
		"F": "found", "f": "part", "M": "missed", "W": "wrong", "!": "false", "x": "failed", "+": "also", ".": "none",
	}[c.Mark()]
}

// hint is what a cell says when it is pointed at.
func hint(c Cell) string {
	var lines []string
	for _, p := range c.Pieces {
		what := "missed"
		if p.Found {
			what = fmt.Sprintf("found after %s", p.After.Round(1e6))
			if p.Side != "" {
				what += ", side " + string(p.Side)
			}
		}
		lines = append(lines, fmt.Sprintf("%s at %s: %s", p.Damage.Kind, p.Damage.Place, what))
	}
	for _, f := range c.Also {
		lines = append(lines, "also: "+f.String())
	}
	for _, f := range c.False {
		lines = append(lines, "false: "+f.String())
	}
	if c.Failed != "" {
		lines = append(lines, "could not look: "+c.Failed)
	}
	return strings.Join(lines, "\n")
}

func ratioInWords(r Ratio) string { return strings.ReplaceAll(r.String(), "\t", " ") }
