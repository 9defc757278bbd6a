package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// ExpectedFailure is what a plan says of a known bug, and what came of it.
type ExpectedFailure struct {
	Cyrus   string `json:"cyrus"` // the versions that have the bug
	Because string `json:"because"`
	Fix     string `json:"fix,omitempty"` // Cyrus's commit
	// Applies: the Cyrus that ran has the bug.
	Applies bool `json:"applies"`
	// Met: the drill failed, in just the way that the plan says.
	Met bool `json:"met"`
}

// String says what the bug is, and what mends it.
func (e *ExpectedFailure) String() string {
	if e.Fix == "" {
		return fmt.Sprintf("%s (Cyrus %s)", e.Because, e.Cyrus)
	}
	return fmt.Sprintf("%s (Cyrus %s; mended by %s)", e.Because, e.Cyrus, e.Fix)
}

// FailedAsExpected says whether the drill failed by a bug that its plan knows of on this
// Cyrus, and by nothing else.
func (res *Result) FailedAsExpected() bool { return res.Expected != nil && res.Expected.Met }

// Bottom is the verdict on the run as a whole: pass where the drill passed or failed as
// expected, else the drill's own.
func (res *Result) Bottom() property.Verdict {
	if res.FailedAsExpected() {
		return property.Pass
	}
	return res.Verdict
}

// InWords is the verdict in an operator's words.
func (res *Result) InWords() string {
	if res.FailedAsExpected() {
		return "failed as expected"
	}
	return string(res.Verdict)
}

// expect holds the verdict against what the plan says of a known bug. A drill that ought
// to fail and does not is a failure: the bug is gone, or the drill no longer shows it.
func (r *run) expect(ctx context.Context) {
	fails := r.plan.Fails
	if fails == nil || ctx.Err() != nil { // of a run that was ended nothing is to be expected
		return
	}
	e := &ExpectedFailure{Cyrus: fails.Cyrus.String(), Because: fails.Because, Fix: fails.Fix}
	r.result.Expected = e
	var err error
	if e.Applies, err = fails.Cyrus.Has(r.result.Cyrus); err != nil {
		r.conclude(property.Unknown, fmt.Sprintf("nobody can tell whether the drill ought to fail: %s", err))
		return
	}
	if !e.Applies {
		return
	}
	other := failedOtherwise(r.result, *fails)
	switch {
	case r.result.Verdict == property.Pass:
		r.conclude(property.Fail, fmt.Sprintf("it ought to fail, and did not: %s; where Cyrus %s has no such bug any more, narrow the plan's \"fails\"", e, r.result.Cyrus))
	case other != "":
		r.conclude(r.result.Verdict, fmt.Sprintf("it does not fail as expected (%s): %s", e, other))
	default:
		e.Met = true
	}
}

// conclude sets the verdict, unless that is worse already, and adds a reason.
func (r *run) conclude(verdict property.Verdict, reason string) {
	if r.result.Verdict != property.Fail {
		r.result.Verdict = verdict
	}
	r.result.Reasons = append(r.result.Reasons, reason)
}

// failedOtherwise says in what a result differs from the failure that was expected; empty:
// in nothing.
func failedOtherwise(res *Result, fails plan.Fails) string {
	var broken, unknown, missed, steps []string
	said := ""
	for _, p := range res.Properties {
		switch p.Verdict {
		case property.Fail:
			broken = append(broken, p.Name)
		case property.Unknown:
			unknown = append(unknown, p.Name)
		}
	}
	for _, m := range res.Marks {
		if !m.Reached {
			missed = append(missed, m.Name)
		}
	}
	for _, s := range res.Steps {
		if s.Status == StepFailed {
			steps, said = append(steps, s.Kind), s.Error
		}
	}
	var wantSteps []string
	if fails.Step != "" {
		wantSteps = []string{string(fails.Step)}
		if len(broken) == 0 && len(fails.Properties) == 0 { // a drill that ends early judges nothing
			missed, unknown = namesOfRefs(fails.Marks), nil
		}
	}
	for _, part := range []struct {
		what      string
		got, want []string
	}{
		{"broken properties", broken, namesOfRefs(fails.Properties)}, {"unknown properties", unknown, nil},
		{"missed marks", missed, namesOfRefs(fails.Marks)}, {"steps that failed", steps, wantSteps},
	} {
		slices.Sort(part.got)
		slices.Sort(part.want)
		if !slices.Equal(part.got, part.want) {
			return fmt.Sprintf("%s: %s instead of %s", part.what, listed(part.got), listed(part.want))
		}
	}
	if !strings.Contains(said, fails.Saying) {
		return fmt.Sprintf("the step says %q, and nothing of %q", said, fails.Saying)
	}
	return ""
}

func namesOfRefs(refs []plan.Ref) []string {
	var names []string
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	return names
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
