package score

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// WriteJSON writes the whole score, with each detector's sum and the coverage.
func (s Score) WriteJSON(w io.Writer) error {
	failures, unknowns := s.Shortcomings()
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Score
		Detectors []Tally  `json:"detectors"`
		Failures  []string `json:"failures"`
		Unknowns  []string `json:"unknowns"`
		Coverage  Coverage `json:"coverage"`
	}{s, s.Tallies(), failures, unknowns, Cover(s)})
}

// WriteCSV writes a line for each piece of damage and each detector that claims it, one
// for each cell without such, and one for whatever of the coverage was not tried.
func (s Score) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"target", "cyrus", "fault", "on", "role", "detector", "kind", "account", "mailbox", "uid", "script", "found", "side", "after_ms",
		"also", "false_alarms", "failed", "breaks", "suite", "state", "partial",
	}}
	for _, t := range s.Trials {
		head := []string{t.Target, t.Cyrus, t.Fault, string(t.On), string(t.Role)}
		if t.Void != "" {
			tail := []string{"", "", "void: " + t.Void, string(t.Breaks), s.Suite, string(AllVoid), s.Partial}
			rows = append(rows, slices.Concat(head, make([]string, 9), tail))
		}
		for _, c := range t.Cells {
			tail := []string{strconv.Itoa(len(c.Also)), strconv.Itoa(len(c.False)), c.Failed, string(t.Breaks), s.Suite, string(Tried), s.Partial}
			if len(c.Pieces) == 0 {
				rows = append(rows, slices.Concat(head, []string{c.Detector}, make([]string, 8), tail))
			}
			for _, p := range c.Pieces {
				d := p.Damage
				cells := []string{
					c.Detector, string(d.Kind), d.Account, d.Mailbox, strconv.FormatUint(uint64(d.UID), 10), d.Script,
					strconv.FormatBool(p.Found), string(p.Side), strconv.FormatInt(p.After.Milliseconds(), 10),
				}
				rows = append(rows, slices.Concat(head, cells, tail))
			}
		}
	}
	for _, c := range Cover(s) {
		if c.State == NotTried {
			head := []string{c.Target, "", c.Fault, "", string(c.Role)}
			tail := []string{"", "", "", string(c.Object), c.Suite, string(c.State), s.Partial}
			rows = append(rows, slices.Concat(head, make([]string, 9), tail))
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing the score as CSV: %w", err)
	}
	return nil
}

// Disagreement is a cell that is not the same on two targets.
type Disagreement struct {
	Fault, Role, Detector string
	A, B                  string // the cells' marks; empty: no such cell
}

// Compare returns the cells in which two scores differ, in the order of the first.
func Compare(a, b Score) []Disagreement {
	type key struct{ fault, role, detector string }
	marks := func(s Score) (map[key]string, []key) {
		marks, keys := map[key]string{}, []key{}
		for _, t := range s.Trials {
			for _, c := range t.Cells {
				k := key{t.Fault, string(t.Role), c.Detector}
				marks[k], keys = c.Mark(), append(keys, k)
			}
		}
		return marks, keys
	}
	ours, order := marks(a)
	theirs, _ := marks(b)
	var differ []Disagreement
	for _, k := range order {
		if ours[k] != theirs[k] {
			differ = append(differ, Disagreement{k.fault, k.role, k.detector, ours[k], theirs[k]})
		}
	}
	return differ
}
