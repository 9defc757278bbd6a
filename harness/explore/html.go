package explore

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed coverage.html.tmpl
var mapText string

// often is from how many drills on a field counts as well exercised.
const often = 10

type mapRow struct {
	Object, Fault string
	Cells         []mapCell
}

type mapCell struct{ Text, Class string }

type mapList struct {
	Name          Dimension
	Exercised, Of int
	Never         []string
}

// WriteHTML writes the map of what has and what has never been exercised as one page; it
// needs no script and no network.
func (s *State) WriteHTML(w io.Writer, t *Tally) error {
	page, err := template.New("map").Parse(mapText)
	if err != nil {
		return err
	}
	columns, rows := t.Coverage.faultMap()
	var lists []mapList
	for _, d := range Dimensions() {
		exercised, of := t.Coverage.Share(d)
		lists = append(lists, mapList{d, exercised, of, t.Coverage.Never(d)})
	}
	whole := *s
	whole.Tally = t
	return page.Execute(w, struct {
		*State
		Columns []string
		Rows    []mapRow
		Lists   []mapList
	}{&whole, columns, rows, lists})
}

// faultMap is the map of faults as a table: a row for each fault, a column for each role
// and phase.
func (c Coverage) faultMap() (columns []string, rows []mapRow) {
	fields := Fields(FaultRolePhase)
	for _, f := range fields {
		parts := strings.Split(f, " × ")
		if column := parts[2] + ", " + parts[3]; !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
	}
	for _, f := range fields {
		parts := strings.Split(f, " × ")
		if len(rows) == 0 || rows[len(rows)-1].Fault != parts[1] {
			rows = append(rows, mapRow{Object: parts[0], Fault: parts[1], Cells: slices.Repeat([]mapCell{{"n/a", "none"}}, len(columns))})
		}
		rows[len(rows)-1].Cells[slices.Index(columns, parts[2]+", "+parts[3])] = cellOf(c[FaultRolePhase][f])
	}
	return columns, rows
}

func cellOf(n int) mapCell {
	switch {
	case n == 0:
		return mapCell{"never", "never"}
	case n < often:
		return mapCell{strconv.Itoa(n), "seldom"}
	}
	return mapCell{strconv.Itoa(n), "often"}
}
