package score

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed score.html.tmpl
var pageText string

// WriteHTML writes the score as one page with a heat map, fault by detector; it needs
// no script and no network.
func (s Score) WriteHTML(w io.Writer) error {
	page, err := template.New("score").Funcs(template.FuncMap{"class": class, "hint": hint, "ratio": ratioInWords}).Parse(pageText)
	if err != nil {
		return err
	}
	failures, unknowns := s.Shortcomings()
	return page.Execute(w, struct {
		Score
		Tallies            []Tally
		Failures, Unknowns []string
	}{s, s.Tallies(), failures, unknowns})
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
