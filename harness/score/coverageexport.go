package score

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText writes the coverage as a table for a terminal: the faults, versions and
// roles of which anything was tried. What has no row or column there follows by name.
func (c Coverage) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "COVERAGE: %d of %d cells of fault × object × role × version were tried, %d void\n",
		c.Count(Tried), c.Count(Tried, AllVoid, NotTried), c.Count(AllVoid))
	var columns []string
	for _, cell := range c {
		if cell.Trials > 0 && !slices.Contains(columns, cell.place()) {
			columns = append(columns, cell.place())
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "OBJECT\tFAULT\t%s\n", strings.ToUpper(strings.Join(columns, "\t")))
	for _, row := range c.Faults() {
		if !row.anyMade() {
			continue
		}
		fmt.Fprintf(table, "%s\t%s", row[0].Object, row[0].Fault)
		for _, cell := range row {
			if slices.Contains(columns, cell.place()) {
				fmt.Fprintf(table, "\t%s", cell.Mark())
			}
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, coverageLegend)
	c.writeUntouched(w, columns)
	return nil
}

const coverageLegend = "1/2: of two trials with something to find, any detector found it in one; quiet: tried, and there was\nnothing to find; void: tried, and nothing is known; –: NOT TRIED; n/a: makes no sense in that role"

// writeUntouched names what has no column and no row in the table: roles by version, and
// faults by what they break.
func (c Coverage) writeUntouched(w io.Writer, columns []string) {
	var order []string
	under := map[string][]string{}
	note := func(heading, name string) {
		if !slices.Contains(order, heading) {
			order = append(order, heading)
		}
		if !slices.Contains(under[heading], name) {
			under[heading] = append(under[heading], name)
		}
	}
	for _, cell := range c {
		if !slices.Contains(columns, cell.place()) {
			note("on "+cell.Version.String(), string(cell.Role))
		}
	}
	for _, row := range c.Faults() {
		if !row.anyMade() {
			note("anywhere, "+string(row[0].Object), row[0].Fault)
		}
	}
	for _, heading := range order {
		fmt.Fprintf(w, "NOT TRIED %s: %s\n", heading, strings.Join(under[heading], ", "))
	}
}

// place names the column that a cell belongs to.
func (c Covered) place() string { return fmt.Sprintf("%s %s", c.Version, c.Role) }

// anyMade says whether a trial was made of any of the cells.
func (c Coverage) anyMade() bool {
	return slices.ContainsFunc(c, func(cell Covered) bool { return cell.Trials > 0 })
}

// Mark is the cell in a word, as the table's legend explains it.
func (c Covered) Mark() string {
	switch c.State {
	case NotTried:
		return "–"
	case NoSense:
		return "n/a"
	case AllVoid:
		return "void"
	}
	if c.Found+c.Missed == 0 {
		return "quiet"
	}
	return fmt.Sprintf("%d/%d", c.Found, c.Found+c.Missed)
}

// WriteCSV writes a line for each cell, those that were not tried among them.
func (c Coverage) WriteCSV(w io.Writer) error {
	rows := [][]string{{"object", "fault", "role", "target", "suite", "state", "trials", "void", "found", "missed"}}
	for _, cell := range c {
		row := []string{string(cell.Object), cell.Fault, string(cell.Role), cell.Target, cell.Suite, string(cell.State)}
		for _, n := range []int{cell.Trials, cell.Void, cell.Found, cell.Missed} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	if err := csv.NewWriter(w).WriteAll(rows); err != nil {
		return fmt.Errorf("writing the coverage as CSV: %w", err)
	}
	return nil
}

// WriteJSON writes the cells, those that were not tried among them.
func (c Coverage) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(c)
}
