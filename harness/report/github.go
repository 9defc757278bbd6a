package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// escapeData and escapeProperty are the escapes of GitHub's workflow commands.
var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// WriteGitHub writes the result as annotations of a GitHub workflow, on the
// lines of the plan's file where there is one.
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func WriteGitHub(w io.Writer, result *drill.Result, planFile string) error {
	level := map[property.Verdict]string{property.Pass: "notice", property.Fail: "error", property.Unknown: "error"}[result.Bottom()]
	text := fmt.Sprintf("%s on %s: %s", result.Plan, result.Target, result.InWords())
	if result.FailedAsExpected() {
		text += ": " + result.Expected.String()
	} else if result.Verdict != property.Pass {
		text = strings.Join(slices.Concat([]string{text}, result.Reasons, []string{"again: " + result.Rerun}), "\n")
	}
	if _, err := fmt.Fprintf(w, "::%s title=%s::%s\n", level, escapeProperty.Replace("cyrdrill "+result.Plan), escapeData.Replace(text)); err != nil {
		return err
	}
	for _, step := range result.Steps {
		if step.Status != drill.StepFailed || result.FailedAsExpected() {
			continue
		}
		if _, err := fmt.Fprintf(w, "::error file=%s,line=%d,title=%s::%s\n", escapeProperty.Replace(planFile), step.Line,
			escapeProperty.Replace(fmt.Sprintf("step %d, %s", step.Number, step.Kind)), escapeData.Replace(step.Error)); err != nil {
			return err
		}
	}
	return nil
}
