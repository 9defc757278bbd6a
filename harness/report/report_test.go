package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

var at = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// passed is the result of a drill in which all went well.
func passed() *drill.Result {
	place := target.Place{Server: target.Imap2, Account: "alice", Mailbox: "INBOX", UID: 6, GUID: "ab"}
	return &drill.Result{
		APIVersion: drill.ResultVersion, Plan: "p", Title: "A title", Description: "The <story>", Target: "sim", Cyrus: "model", Seed: 1, Verdict: property.Pass,
		Steps: []drill.StepResult{{Number: 1, Kind: "deliver", Line: 3, Status: drill.StepDone, Summary: "5 delivered", StartedAt: at.Add(24*time.Hour + 30*time.Second), Elapsed: time.Second}},
		Marks: []drill.MarkResult{{Name: "mail-copied", Reached: true, Step: 1, Evidence: "one"}},
		Faults: []drill.FaultResult{{Name: "replication-stopped", On: "imap1", Step: 1, Report: fault.Report{
			Evidence: target.Evidence{Summary: "sync_client is frozen"}, State: fault.Healed,
			Damage: []fault.Damage{{Place: place, Kind: target.MessageMissing, How: "never sent"}},
		}}},
		Findings:   []detect.Finding{{Detector: "index-compare", Kind: target.MessageMissing, Place: place, Right: target.Imap1, FoundAt: at.Add(24*time.Hour + 30*time.Second)}},
		Restores:   []drill.RestoreResult{{Step: 1, Plan: restore.Plan{Restorer: "copy-missing"}, Report: restore.Report{Restorer: "copy-missing", Copied: 1}}},
		Properties: []property.Result{{Number: 1, Name: "no-loss", Verdict: property.Pass, Checked: 5}},
		Accounts:   []drill.AccountOutcome{{Account: "alice", State: drill.Restored, Words: []string{"1 message is back."}}},
		Traffic:    map[traffic.Op]traffic.Tally{traffic.OpDeliver: {Acknowledged: 5}},
		StartedAt:  at, Wall: 1500 * time.Millisecond, Rerun: "cyrdrill run p --target sim --seed 1",
	}
}

// failed is one in which a message was lost, a mark missed and a step failed.
func failed() *drill.Result {
	r := passed()
	r.Verdict, r.Reasons = property.Fail, []string{"property 1 (no-loss) is broken 1 times: <b>"}
	r.Steps[0].Status, r.Steps[0].Error = drill.StepFailed, "it: broke, 100%"
	r.Marks = append(r.Marks, drill.MarkResult{Name: "uids-reused"})
	r.Properties[0].Verdict = property.Fail
	r.Properties[0].Violations = []property.Violation{{Place: target.Place{Server: target.Imap2, Account: "alice"}, Marker: "alice-0001", Text: "it is not there", History: []string{"2026-01-05 mta: deliver INBOX"}}}
	r.Accounts = []drill.AccountOutcome{{Account: "alice", State: drill.Harmed, Words: []string{"1 message is lost.", "Sorry."}}, {Account: "bob", State: drill.Untouched, Words: []string{"Nothing."}}}
	return r
}

func text(t *testing.T, result *drill.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteText(&out, result, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func wantLines(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %q in:\n%s", line, got)
		}
	}
}

func TestTextSaysWhatAnOperatorAsks(t *testing.T) {
	wantLines(t, text(t, passed()),
		"broken    replication-stopped on imap1: sync_client is frozen; damage: 1 message-missing; healed at the end",
		"found     1 message-missing in 1 account",
		"restored  1 message copied by copy-missing",
		"left      nothing",
		"accounts  1 in all: 1 restored; nobody misses anything",
		"promised  5 delivered; 0 refused, 0 in doubt",
		"marks     1 of 1 reached",
		"property  1 no-loss: holds (5 promises checked)",
		"verdict   PASS in 1.5s",
		"again     cyrdrill run p --target sim --seed 1")
	wantLines(t, text(t, failed()),
		"left      message alice-0001, alice on imap2: it is not there",
		"accounts  2 in all: 1 untouched, 1 harmed",
		"          to alice: 1 message is lost. Sorry.",
		"marks     1 of 2 reached; missed: uids-reused",
		"property  1 no-loss: broken once (5 promises checked)",
		"verdict   FAIL in 1.5s",
		"because   property 1 (no-loss) is broken 1 times: <b>")
}

// Unknown must not read as "nothing left".
func TestTextOfAnUnknownVerdict(t *testing.T) {
	r := passed()
	r.Verdict, r.Reasons, r.Interrupted = property.Unknown, []string{"interrupted"}, true
	wantLines(t, text(t, r), "left      not known", "verdict   UNKNOWN, interrupted in 1.5s")
}

func TestJUnitCountsWhatIsNotAPass(t *testing.T) {
	type suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
	}
	unknown := passed()
	unknown.Verdict, unknown.Reasons = property.Unknown, []string{"why"}
	unknown.Properties[0].Verdict = property.Unknown
	unknown.Steps[0].Status = drill.StepSkipped
	for _, tc := range []struct {
		result *drill.Result
		want   suite
	}{
		{passed(), suite{4, 0, 0}},
		{failed(), suite{5, 3, 1}}, // mark, property, verdict; the step
		{unknown, suite{4, 0, 3}},  // step, property, verdict
	} {
		var out bytes.Buffer
		if err := report.WriteJUnit(&out, tc.result); err != nil {
			t.Fatal(err)
		}
		var got suite
		if err := xml.Unmarshal(out.Bytes(), &got); err != nil || got != tc.want {
			t.Errorf("%s: %+v, %v, want %+v", tc.result.Verdict, got, err, tc.want)
		}
	}
}

func TestGitHubPointsAtTheStepThatFailed(t *testing.T) {
	var out bytes.Buffer
	if err := report.WriteGitHub(&out, failed(), "a,b.yaml"); err != nil {
		t.Fatal(err)
	}
	wantLines(t, out.String(),
		"::error title=cyrdrill p::p on sim: fail%0Aproperty 1 (no-loss) is broken 1 times: <b>%0Aagain: cyrdrill run p --target sim --seed 1",
		"::error file=a%2Cb.yaml,line=3,title=step 1%2C deliver::it: broke, 100%25")
}

func TestHTMLEscapesAndNeedsNothingElse(t *testing.T) {
	var out bytes.Buffer
	if err := report.WriteHTML(&out, failed()); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, want := range []string{"<title>fail: p on sim</title>", "broken 1 times: &lt;b&gt;", "uids-reused</td><td><span class=\"bad\">missed", "it is not there",
		"<li>2026-01-05 mta: deliver INBOX</li>", "<td>alice</td><td class=\"bad\">harmed</td><td>1 message is lost. Sorry. </td>",
		"day 2, 00:00:30.0", "<strong>broken</strong> replication-stopped on imap1", "<strong>found</strong> 1 message-missing",
		"<strong>restored</strong> 1 message copied", "The &lt;story&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, foreign := range []string{"<script", "http://", "https://", "<b>"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %q", foreign)
		}
	}
}

func TestDirectoryHoldsEverything(t *testing.T) {
	parent := t.TempDir()
	var paths []string
	for range 2 { // the same plan in the same second must not overwrite
		d, err := report.Create(parent, "p", "sim", at, []byte("the plan"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Ledger().Write([]byte("{}\n")); err != nil {
			t.Fatal(err)
		}
		d.Observe(drill.Event{At: at, Kind: drill.EventNote, Text: "noted"})
		if text, _ := os.ReadFile(filepath.Join(d.Path(), report.EventsFile)); !strings.Contains(string(text), "noted") {
			t.Errorf("an event is not in its file while the drill runs: %q", text)
		}
		if err := d.AddLog("imap1", []byte("a log")); err != nil {
			t.Fatal(err)
		}
		if err := d.Finish(passed(), &drill.Evidence{Freeze: &restore.Freeze{}}); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, d.Path())
	}
	if paths[0] == paths[1] {
		t.Errorf("two drills wrote into %s", paths[0])
	}
	for _, name := range []string{
		report.PlanFile, report.LedgerFile, report.EventsFile, report.FreezeFile, report.ResultFile, report.HTMLFile, report.JUnitFile, "logs/imap1.log",
	} {
		if info, err := os.Stat(filepath.Join(paths[1], name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	result, err := os.ReadFile(filepath.Join(paths[0], report.ResultFile))
	if err != nil || drill.CheckResult(result) != nil {
		t.Errorf("result.json: %v, %v", err, drill.CheckResult(result))
	}
}

// A result that contradicts itself is written, and called what it is.
func TestJSONIsHeldAgainstItsSchema(t *testing.T) {
	for name, spoil := range map[string]func(*drill.Result){
		"a pass with reasons against it": func(r *drill.Result) { r.Reasons = []string{"but"} },
		"a fail without a reason":        func(r *drill.Result) { r.Verdict = property.Fail },
		"a pass with a skipped step":     func(r *drill.Result) { r.Steps[0].Status = drill.StepSkipped },
		"a pass with a broken property":  func(r *drill.Result) { r.Properties[0].Verdict = property.Fail },
		"a mark reached by nothing":      func(r *drill.Result) { r.Marks[0].Evidence = "" },
		"no such verdict":                func(r *drill.Result) { r.Verdict, r.Reasons = "fine", []string{"x"} },
	} {
		r := passed()
		spoil(r)
		var out bytes.Buffer
		if err := report.WriteJSON(&out, r); err == nil || !json.Valid(out.Bytes()) {
			t.Errorf("%s: error %v, and %d bytes were written", name, err, out.Len())
		}
	}
	if err := report.WriteJSON(&bytes.Buffer{}, passed()); err != nil {
		t.Errorf("a sound result: %v", err)
	}
}

func TestLiveInALogIsOneLineAStep(t *testing.T) {
	var out bytes.Buffer
	live := report.NewLive(&out, false)
	live.Working("making the pair")
	live.Done("ready")
	live.Observe(drill.Event{Kind: drill.EventStepStarted, Step: 1, Steps: 2, Text: "deliver", At: at})
	live.Observe(drill.Event{Kind: drill.EventNote, Step: 1, Text: "noted", At: at})
	live.Observe(drill.Event{Kind: drill.EventStepEnded, Step: 1, Steps: 2, Text: "5 delivered", At: at.Add(1500 * time.Millisecond)})
	live.Observe(drill.Event{Kind: drill.EventStepStarted, Step: 2, Steps: 2, Text: "append", At: at})
	live.Observe(drill.Event{Kind: drill.EventStepEnded, Step: 2, Steps: 2, Text: "it broke", Failed: true, At: at.Add(20 * time.Millisecond)})
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i, want := range [][]string{{"making the pair: ready"}, {"noted"}, {" 1/2  deliver", "1.5s", "✓ 5 delivered"}, {" 2/2  append", "20ms", "✗ it broke"}} {
		for _, part := range want {
			if i >= len(lines) || !strings.Contains(lines[i], part) {
				t.Fatalf("line %d lacks %q:\n%s", i+1, part, out.String())
			}
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("a log has escapes of a terminal")
	}
}
