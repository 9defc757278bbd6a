package report

import (
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// moment is one step of a drill with what came of it.
type moment struct {
	drill.StepResult
	At     string // days and time since the drill began, on the target's clock
	Broken []string
	Found  string
	Mended []string
	Marks  []drill.MarkResult
}

// timeline puts what a result holds into the order in which it happened.
func timeline(result *drill.Result) []moment {
	moments := make([]moment, len(result.Steps))
	for i, step := range result.Steps {
		m := moment{StepResult: step, At: sinceInWords(step.StartedAt, result.StartedAt)}
		for _, f := range result.Faults {
			if f.Step == step.Number {
				m.Broken = append(m.Broken, brokenInWords(f))
			}
		}
		for _, r := range result.Restores {
			if r.Step == step.Number {
				m.Mended = append(m.Mended, restoredInWords(r))
			}
		}
		for _, mark := range result.Marks {
			if mark.Step == step.Number {
				m.Marks = append(m.Marks, mark)
			}
		}
		m.Found = foundAt(step, result.Findings)
		moments[i] = m
	}
	return moments
}

// foundAt counts the findings that were made while the step was at work.
func foundAt(step drill.StepResult, findings []detect.Finding) string {
	var kinds []target.Kind
	for _, f := range findings {
		if !f.FoundAt.Before(step.StartedAt) && f.FoundAt.Before(step.StartedAt.Add(step.Elapsed)) {
			kinds = append(kinds, f.Kind)
		}
	}
	return countKinds(kinds)
}

func sinceInWords(at, start time.Time) string {
	if at.IsZero() {
		return ""
	}
	since := at.Sub(start)
	days := since / (24 * time.Hour)
	text := time.Time{}.Add(since).Format("15:04:05.0")
	if days > 0 {
		return fmt.Sprintf("day %d, %s", days+1, text)
	}
	return text
}
