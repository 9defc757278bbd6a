package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// WriteText writes the summary that ends a run: what was broken, found,
// restored and left, the verdict with its reasons, where the results lie and
// the command to see it again.
func WriteText(w io.Writer, result *drill.Result, terminal bool) error {
	t := &table{style: style(terminal)}
	for _, f := range result.Faults {
		t.row("broken", brokenInWords(f))
	}
	t.row("found", foundInWords(result))
	for _, r := range result.Restores {
		t.row("restored", restoredInWords(r))
	}
	for _, left := range leftInWords(result) {
		t.row("left", left)
	}
	for _, accounts := range accountsInWords(result) {
		t.row("accounts", accounts)
	}
	t.row("promised", promisedInWords(result))
	t.row("marks", marksInWords(result))
	for _, p := range result.Properties {
		t.row("property", t.property(p))
	}
	t.row("verdict", t.verdict(result))
	if result.FailedAsExpected() {
		t.row("because", "a bug that is known: "+result.Expected.String())
	}
	for _, reason := range result.Reasons {
		t.row("because", reason)
	}
	if result.Directory != "" {
		t.row("results", result.Directory)
	}
	if result.Rerun != "" {
		t.row("again", result.Rerun)
	}
	_, err := io.WriteString(w, t.text.String())
	return err
}

// table is rows of a label and a text; a label that repeats is shown once.
type table struct {
	style style
	text  strings.Builder
	last  string
}

func (t *table) row(label, text string) {
	shown := label
	if label == t.last {
		shown = ""
	}
	t.last = label
	fmt.Fprintf(&t.text, "%s %s\n", t.style.bold(fmt.Sprintf("%-9s", shown)), text)
}

func (t *table) verdict(result *drill.Result) string {
	text := strings.ToUpper(result.InWords())
	if result.Bottom() == property.Pass {
		text = t.style.good(text)
	} else {
		text = t.style.bad(text)
	}
	if result.Interrupted {
		text += ", interrupted"
	}
	text += fmt.Sprintf(" in %s", round(result.Wall))
	if result.Elapsed > 2*result.Wall {
		text += fmt.Sprintf(" (%s of the pair's time)", round(result.Elapsed))
	}
	return text
}

func (t *table) property(p property.Result) string {
	verdict := t.style.good("holds")
	switch p.Verdict {
	case property.Fail:
		verdict = t.style.bad("broken " + p.Broken())
	case property.Unknown:
		verdict = t.style.bad("unknown")
	}
	return fmt.Sprintf("%d %s: %s (%d promises checked)", p.Number, p.Name, verdict, p.Checked)
}

func brokenInWords(f drill.FaultResult) string {
	text := fmt.Sprintf("%s on %s: %s", f.Name, f.On, f.Evidence.Summary)
	if f.Evidence.Summary == "" {
		text += "nothing changed: it did not land"
	}
	if len(f.Damage) == 0 {
		return text
	}
	return fmt.Sprintf("%s; damage: %s; %s at the end", text, damageInWords(f.Damage), f.State)
}

func damageInWords(damage []fault.Damage) string {
	kinds := make([]target.Kind, len(damage))
	for i, d := range damage {
		kinds[i] = d.Kind
	}
	return countKinds(kinds)
}

// countKinds counts kinds in the order in which they first appear: "11
// message-missing, 1 expunge-missing".
func countKinds(kinds []target.Kind) string {
	var order []target.Kind
	counts := map[target.Kind]int{}
	for _, k := range kinds {
		if counts[k]++; counts[k] == 1 {
			order = append(order, k)
		}
	}
	parts := make([]string, len(order))
	for i, k := range order {
		parts[i] = fmt.Sprintf("%d %s", counts[k], k)
	}
	return strings.Join(parts, ", ")
}

func foundInWords(result *drill.Result) string {
	if len(result.Findings) == 0 {
		return "nothing"
	}
	kinds := make([]target.Kind, len(result.Findings))
	accounts := map[string]bool{}
	doubtful := 0
	for i, f := range result.Findings {
		kinds[i] = f.Kind
		if f.Account != "" {
			accounts[f.Account] = true
		}
		if f.Doubtful() {
			doubtful++
		}
	}
	text := countKinds(kinds)
	if len(accounts) > 0 {
		text += " in " + plural(len(accounts), "account")
	}
	if doubtful > 0 {
		text += fmt.Sprintf("; of %d the evidence does not tell which side is right", doubtful)
	}
	return text
}

func restoredInWords(r drill.RestoreResult) string {
	var parts []string
	if r.Report.Copied > 0 {
		parts = append(parts, plural(r.Report.Copied, "message")+" copied")
	}
	if r.Report.PutBack > 0 {
		parts = append(parts, plural(r.Report.PutBack, "message")+" put back under the same UID")
	}
	if r.Report.Expunged > 0 {
		parts = append(parts, plural(r.Report.Expunged, "expunge")+" carried over")
	}
	for _, act := range restore.Acts() {
		if n := r.Report.Changed[act]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, act))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	text := strings.Join(parts, ", ") + " by " + r.Plan.Restorer
	if r.Report.Doubtful > 0 {
		text += fmt.Sprintf("; %s doubtful, and kept", plural(r.Report.Doubtful, "message"))
	}
	return text
}

// leftInWords lists what a user would still miss or stumble over.
func leftInWords(result *drill.Result) []string {
	var left []string
	for _, r := range result.Restores {
		for _, l := range r.Report.Left {
			left = append(left, fmt.Sprintf("%s (%s)", l.Action, l.Reason))
		}
	}
	for _, p := range result.Properties {
		for _, v := range p.Violations {
			left = append(left, v.String())
		}
	}
	const shown = 5
	switch {
	case len(left) == 0 && result.Verdict == property.Pass:
		return []string{"nothing"}
	case len(left) == 0:
		return []string{"not known"}
	case len(left) > shown:
		more := fmt.Sprintf("… and %d more, in the results", len(left)-shown)
		return append(slices.Clone(left[:shown]), more)
	}
	return left
}

// done says of each operation what its user was promised.
var done = map[traffic.Op]string{
	traffic.OpDeliver: "delivered", traffic.OpAppend: "appended", traffic.OpExpunge: "expunged", traffic.OpFlag: "flagged",
	traffic.OpCopy: "copied", traffic.OpMove: "moved", traffic.OpCreate: "mailboxes made", traffic.OpRename: "renamed",
	traffic.OpDelete: "deleted", traffic.OpSubscribe: "subscribed", traffic.OpUnsubscribe: "unsubscribed",
	traffic.OpSetACL: "ACLs set", traffic.OpSetQuota: "quotas set", traffic.OpSetAnnotation: "annotated",
	traffic.OpPutScript: "scripts stored", traffic.OpActivate: "activated", traffic.OpDeleteScript: "scripts deleted",
}

func promisedInWords(result *drill.Result) string {
	var parts []string
	refused, inDoubt := 0, 0
	for _, op := range slices.Sorted(maps.Keys(result.Traffic)) {
		tally := result.Traffic[op]
		parts = append(parts, fmt.Sprintf("%d %s", tally.Acknowledged, done[op]))
		refused += tally.Refused
		inDoubt += tally.InDoubt
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s; %d refused, %d in doubt", strings.Join(parts, ", "), refused, inDoubt)
}

func marksInWords(result *drill.Result) string {
	reached := 0
	var missed []string
	for _, m := range result.Marks {
		if m.Reached {
			reached++
		} else {
			missed = append(missed, m.Name)
		}
	}
	text := fmt.Sprintf("%d of %d reached", reached, len(result.Marks))
	if len(missed) > 0 {
		text += "; missed: " + strings.Join(missed, ", ")
	}
	return text
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
