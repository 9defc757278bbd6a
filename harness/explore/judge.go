package explore

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// Failure is one way in which a run is not what was promised of its plan.
type Failure struct {
	// Sort is what failed: see the constants.
	Sort Sort `json:"sort"`
	// Name is which: of a property, a mark, a kind of step.
	Name string `json:"name"`
	// Shape is the failure's text without what differs from run to run: numbers, digests,
	// names of accounts and mailboxes.
	Shape string `json:"shape"`
	// Text is what was said.
	Text string `json:"text"`
}

// Sort is a sort of failure.
type Sort string

// The sorts.
const (
	BrokenProperty Sort = "property"    // a promised property is broken
	MissedMark     Sort = "mark"        // a promised mark was not reached
	FailedStep     Sort = "step"        // a step failed that nothing kept from being carried out
	FalseAlarm     Sort = "false-alarm" // a detector found something where nothing was broken
	Contradiction  Sort = "ledger"      // the ledger contradicts itself
	Hang           Sort = "hang"        // the pair does not come to rest, or a step did not end
	Crash          Sort = "crash"       // the harness or the simulator panicked
	Difference     Sort = "difference"  // two targets do not show the same
)

// Key says which failures count as the same while a plan is reduced.
func (f Failure) Key() string { return string(f.Sort) + " " + f.Name + ": " + f.Shape }

func (f Failure) String() string { return string(f.Sort) + " " + f.Name + ": " + f.Text }

func failure(sort Sort, name, text string) Failure {
	return Failure{Sort: sort, Name: name, Shape: shape(text), Text: text}
}

var (
	// Words that differ from run to run.
	quotedWord = regexp.MustCompile(`"[^"]*"`)
	digest     = regexp.MustCompile(`\b[0-9a-f]{8,40}\b`)
	mailbox    = regexp.MustCompile(`\b(INBOX|DELETED|user)[^ :,;)]*( [0-9]+)?`)
	account    = regexp.MustCompile(`\b(al\.ice|alice|bob2|bob)\b`)
	server     = regexp.MustCompile(`\bimap[12]\b`)
	number     = regexp.MustCompile(`[0-9]+`)
)

// shape takes out of a text what differs from run to run.
func shape(text string) string {
	text, _, _ = strings.Cut(text, " (") // evidence, which differs each time
	text = quotedWord.ReplaceAllString(text, "…")
	text = mailbox.ReplaceAllString(text, "M")
	text = account.ReplaceAllString(text, "A")
	text = server.ReplaceAllString(text, "S")
	text = digest.ReplaceAllString(text, "#")
	text = number.ReplaceAllString(text, "N")
	if len(text) > 160 {
		text = text[:160]
	}
	return strings.ToValidUTF8(text, "")
}

// Judge holds a run's result against what was promised of its plan, and returns its
// failures, the weightiest first; none: all that was promised holds, or the run showed
// nothing (see [Void]).
func Judge(p *plan.Plan, result *drill.Result) []Failure {
	var failures []Failure
	prospect := Foresee(p)
	for _, reason := range result.Reasons {
		switch {
		case strings.HasPrefix(reason, crashReason):
			failures = append(failures, failure(Crash, "", reason))
		case strings.Contains(reason, "does not come to rest"), strings.Contains(reason, "did not end within"):
			failures = append(failures, failure(Hang, "", reason))
		case strings.Contains(reason, "contradict"):
			failures = append(failures, failure(Contradiction, "", reason))
		}
	}
	for i, step := range result.Steps {
		if step.Status == drill.StepFailed && i < len(prospect.Whole) && prospect.Whole[i] {
			failures = append(failures, failure(FailedStep, step.Kind, step.Error))
		}
	}
	for _, outcome := range result.Properties {
		if outcome.Name == (property.LossesTold{}).Name() && Void(result) {
			continue // those who would have told did not get to look
		}
		if outcome.Verdict == property.Fail && prospect.Because[outcome.Name] == "" {
			failures = append(failures, failure(BrokenProperty, outcome.Name, outcome.Violations[0].Text))
		}
	}
	if Void(result) {
		return failures
	}
	for _, m := range result.Marks {
		if !m.Reached && slices.Contains(prospect.Marks, m.Name) {
			failures = append(failures, failure(MissedMark, m.Name, "it was not reached"))
		}
	}
	if prospect.Calm && len(result.Findings) > 0 {
		failures = append(failures, failure(FalseAlarm, result.Findings[0].Detector, result.Findings[0].String()))
	}
	return failures
}

// Void says whether a run showed nothing: a step on which the later ones rest could not
// be carried out.
func Void(result *drill.Result) bool {
	return slices.ContainsFunc(result.Steps, func(s drill.StepResult) bool { return s.Status == drill.StepSkipped })
}
