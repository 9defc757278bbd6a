package score

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes the score as tables for a terminal: the detectors' sums, then fault
// by detector, then what was tried and what was not.
func (s Score) WriteText(w io.Writer) error {
	if s.Partial != "" {
		fmt.Fprintf(w, "PARTIAL SCORE: %s\n", s.Partial)
	}
	fmt.Fprintf(w, "%s, Cyrus %s: %d trials, %d of them void\n\n", s.Target, s.Cyrus, len(s.Trials), len(s.Void()))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DETECTOR\tCLAIMED\tFOUND\tRECALL\t\tALSO\tFALSE\tPRECISION\t\tWRONG SIDE\tUNDECIDED\tFAILED\tMEDIAN\tLOOK")
	for _, t := range s.Tallies() {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%d\t%d\t%s\t%d\t%d\t%d\t%s\t%s\n",
			t.Detector, t.Claimed, t.Found, t.Recall, t.Also, t.False, t.Precision, t.Wrong, t.Unsure, t.Failed, t.Median.Round(time.Millisecond), t.Look.Round(time.Millisecond))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "\n"+legend)
	for i, name := range s.Detectors() {
		fmt.Fprintf(w, "  %s %s\n", column(i), name)
	}
	fmt.Fprintln(w)
	for _, t := range s.Trials {
		if t.Void != "" {
			fmt.Fprintf(w, "%-32s %-8s void: %s\n", t.Fault, t.Role, t.Void)
			continue
		}
		var row strings.Builder
		for _, c := range t.Cells {
			fmt.Fprintf(&row, " %s", c.Mark())
		}
		fmt.Fprintf(w, "%-32s %-8s%s\n", t.Fault, t.Role, row.String())
	}
	s.writeFailed(w)
	fmt.Fprintln(w)
	return Cover(s).WriteText(w)
}

// writeFailed says of each detector in how many trials it could not look, and why in the
// first of them.
func (s Score) writeFailed(w io.Writer) {
	for _, name := range s.Detectors() {
		count, first := 0, ""
		for _, t := range s.Trials {
			for _, c := range t.Cells {
				if c.Detector != name || c.Failed == "" {
					continue
				}
				if count++; count == 1 {
					first = fmt.Sprintf("%s on the %s: %s", t.Fault, t.Role, c.Failed)
				}
			}
		}
		if count > 0 {
			fmt.Fprintf(w, "\n%s could not look in %d trials, first in %s", name, count, first)
		}
	}
	fmt.Fprintln(w)
}

const legend = "F found, f found a part, M missed, W found and the wrong side believed right,\n+ told of what it does not claim, ! false alarm, x could not look, . nothing claimed, nothing said"

// column names a detector's column.
func column(i int) string { return string(rune('a' + i%26)) }

// Mark is the cell in one letter, as the table's legend explains it.
func (c Cell) Mark() string {
	found, wrong := 0, false
	for _, p := range c.Pieces {
		if p.Found {
			found++
		}
		wrong = wrong || p.Side == WrongSide
	}
	switch {
	case len(c.False) > 0:
		return "!"
	case wrong:
		return "W"
	case len(c.Pieces) > 0 && found == len(c.Pieces):
		return "F"
	case found > 0:
		return "f"
	case len(c.Pieces) > 0:
		return "M"
	case c.Failed != "":
		return "x"
	case len(c.Also) > 0:
		return "+"
	default:
		return "."
	}
}

// String writes a ratio with its interval, in two columns.
func (r Ratio) String() string {
	if !r.Known {
		return "–\t"
	}
	return fmt.Sprintf("%.3f\t[%.3f, %.3f]", r.Value, r.From, r.To)
}
