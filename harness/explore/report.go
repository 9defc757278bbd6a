package explore

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Line tells the counters in one line, for a terminal that is watched.
func (p Progress) Line() string {
	c := p.Tally.Counts
	return fmt.Sprintf("%d drills (%.0f/s), %d steps, %d faults landed, %d properties, %d marks, %d situations, %d failed, %d void",
		c.Drills, float64(p.Since)/max(p.Elapsed.Seconds(), 0.001), c.Steps, c.Landed, c.Properties, len(c.Marks), p.Tally.States.Count(), c.Failed, c.Void)
}

// WriteText writes a campaign's report for a terminal. The command is what a drill is
// run again with, but for its number.
func (s *State) WriteText(w io.Writer, t *Tally, command string) error {
	c := t.Counts
	fmt.Fprintf(w, "campaign  target %s, seed %d, drills 0 to %d, in %s\n", s.Target, s.Seed, c.Drills-1, s.Elapsed.Round(time.Second))
	fmt.Fprintf(w, "drills    %d: %s; in %d nothing may be lost; %d ended before they showed anything\n", c.Drills, counted(c.Verdicts), c.Recoverable, c.Void)
	fmt.Fprintf(w, "carried   %d steps, %d faults landed, %d properties judged, %d promises checked, %s situations\n", c.Steps, c.Landed, c.Properties, c.Promises, t.States)
	if len(c.VoidBy) > 0 {
		fmt.Fprintf(w, "void by   %s\n", most(c.VoidBy, 8))
	}
	for _, d := range Dimensions() {
		exercised, of := t.Coverage.Share(d)
		fmt.Fprintf(w, "covered   %d of %d: %s\n", exercised, of, d)
	}
	groups := t.Sorted()
	if len(groups) == 0 {
		_, err := fmt.Fprintln(w, "failures  none")
		return err
	}
	fmt.Fprintf(w, "failures  %d drills, %d groups\n", c.Failed, len(groups))
	for _, g := range groups {
		again := fmt.Sprintf("%s --only %d", command, g.Drill)
		if len(g.Lean) > 0 {
			again += " --lean " + strings.Join(g.Lean, ",")
		}
		fmt.Fprintf(w, "%5d ×   %s\n          %s\n          smallest: %d steps: %s\n          plans/%s; drawn by %s\n", g.Count, g.Failure.heading(), clip(g.Failure.Text), g.Steps, g.Skeleton, g.FileName(), again)
	}
	if t.Beyond > 0 {
		fmt.Fprintf(w, "          and %d failures for which no room was left\n", t.Beyond)
	}
	return nil
}

func (f Failure) heading() string { return strings.TrimSpace(string(f.Sort) + " " + f.Name) }

// clip keeps a text on a line that can be read.
func clip(text string) string {
	const most = 240
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		return text[:most] + " …"
	}
	return text
}

// counted tells counts by name: "12 pass, 3 unknown".
func counted(counts map[string]int) string {
	return most(counts, len(counts))
}

// most tells the largest counts, the largest first.
func most(counts map[string]int, n int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(n, len(names))] {
		parts = append(parts, fmt.Sprintf("%d %s", counts[name], name))
	}
	if len(names) > n {
		parts = append(parts, fmt.Sprintf("and %d more", len(names)-n))
	}
	return strings.Join(parts, ", ")
}

// Report is what report.json holds.
type Report struct {
	*State
	Groups []*Group `json:"groups"`
	// Never are the fields of each map that no drill has exercised.
	Never map[Dimension][]string `json:"never"`
}

// WriteJSON writes a campaign's report.
func (s *State) WriteJSON(w io.Writer, t *Tally) error {
	whole := *s
	whole.Tally = t
	report := Report{State: &whole, Groups: t.Sorted(), Never: map[Dimension][]string{}}
	for _, d := range Dimensions() {
		report.Never[d] = t.Coverage.Never(d)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

// WriteMap writes what has never been exercised, map by map.
func (c Coverage) WriteMap(w io.Writer) error {
	for _, d := range Dimensions() {
		exercised, of := c.Share(d)
		if _, err := fmt.Fprintf(w, "%s: %d of %d exercised\n", strings.ToUpper(string(d)), exercised, of); err != nil {
			return err
		}
		for _, f := range c.Never(d) {
			fmt.Fprintf(w, "  never  %s\n", strings.TrimSpace(f))
		}
	}
	return nil
}
