package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/cyrdrill/cyrdrill/harness/score"
)

func scoreWriters() map[string]func(score.Score, io.Writer) error {
	return map[string]func(score.Score, io.Writer) error{
		"text": showScore, "json": score.Score.WriteJSON, "csv": score.Score.WriteCSV, "html": score.Score.WriteHTML,
	}
}

// showScore writes the tables, and what is owed.
func showScore(s score.Score, out io.Writer) error {
	if err := s.WriteText(out); err != nil {
		return err
	}
	failures, unknowns := s.Shortcomings()
	for _, line := range failures {
		fmt.Fprintln(out, "FAIL   ", line)
	}
	for _, line := range unknowns {
		fmt.Fprintln(out, "UNKNOWN", line)
	}
	if len(failures)+len(unknowns) == 0 {
		fmt.Fprintln(out, "PASS    each detector found all that it has to claim, and raised no false alarm")
	}
	return nil
}

// writeScore writes the score in every form.
func writeScore(directory string, s score.Score) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("making the results' directory: %w", err)
	}
	for name, write := range map[string]func(score.Score, io.Writer) error{
		"score.txt": showScore, "score.json": score.Score.WriteJSON, "score.csv": score.Score.WriteCSV, "score.html": score.Score.WriteHTML,
		"coverage.csv": func(s score.Score, w io.Writer) error { return score.Cover(s).WriteCSV(w) },
	} {
		file, err := os.Create(filepath.Join(directory, name))
		if err != nil {
			return fmt.Errorf("writing the score: %w", err)
		}
		if err := errors.Join(write(s, file), file.Close()); err != nil {
			return fmt.Errorf("writing %s: %w", file.Name(), err)
		}
	}
	return nil
}

// showDisagreements lists the cells in which two targets differ.
func showDisagreements(out io.Writer, a, b score.Score) error {
	differ := score.Compare(a, b)
	fmt.Fprintf(out, "\n%d cells differ between %s and %s\n", len(differ), a.Target, b.Target)
	if len(differ) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "FAULT\tON\tDETECTOR\t%s\t%s\n", a.Target, b.Target)
	for _, d := range differ {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", d.Fault, d.Role, d.Detector, d.A, d.B)
	}
	return table.Flush()
}
