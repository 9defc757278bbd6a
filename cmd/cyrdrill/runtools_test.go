package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// example is a worked example of an outside command, with edits: pairs of old and new
// text, each of which plants a bug.
func example(t *testing.T, name string, edits ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs/examples", name))
	if err != nil {
		t.Fatal(err)
	}
	edited := string(text)
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(edited, edits[i]) {
			t.Fatalf("%s has no %q to change", name, edits[i])
		}
		edited = strings.ReplaceAll(edited, edits[i], edits[i+1])
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(edited), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// toolCase is a restore tool, and what a drill has to say of it.
type toolCase struct {
	name    string
	command func(t *testing.T) string
	verdict property.Verdict
	broken  []string // properties, and no others
	copied  int      // messages; -1: any number
	because string   // stands among the reasons
}

func line(command string) func(*testing.T) string {
	return func(*testing.T) string { return command }
}

func script(name string, edits ...string) func(*testing.T) string {
	return func(t *testing.T) string { return example(t, name, edits...) }
}

// judged is the scenario, asked for doubles as well.
func judged(t *testing.T) string {
	return scenario(t, "[no-loss, no-resurrection,", "[no-loss, no-resurrection, no-doubles,")
}

// check runs the tool and holds what the drill says against what it has to say.
func (c toolCase) check(t *testing.T, targetName string) {
	result, status := drillOn(t, targetName, judged(t), "--restorer", "mine="+c.command(t))
	reasons := strings.Join(result.Reasons, "\n")
	var broken []string
	for _, p := range result.Properties {
		if p.Verdict == property.Fail {
			broken = append(broken, p.Name)
		}
	}
	if result.Verdict != c.verdict || !slices.Equal(broken, c.broken) {
		t.Errorf("%s, broken %v; want %s and %v: %s", result.Verdict, broken, c.verdict, c.broken, reasons)
	}
	if (status == statusPass) != (c.verdict == property.Pass) {
		t.Errorf("exit status %d", status)
	}
	if len(result.Restores) != 1 || result.Restores[0].Tool == nil {
		t.Fatalf("restores: %+v", result.Restores)
	}
	if got := result.Restores[0].Report.Copied; c.copied >= 0 && got != c.copied {
		t.Errorf("%d messages came, want %d", got, c.copied)
	}
	if !strings.Contains(reasons, c.because) {
		t.Errorf("the reasons do not say %q: %s", c.because, reasons)
	}
	if !strings.Contains(result.Rerun, " --restorer 'mine=") {
		t.Errorf("run again by %s", result.Rerun)
	}
}

// A drill is not fooled by a tool: each bug is told by the property that it breaks, and
// only who brings back everything, and no more, passes.
func TestToolsOnTheSimulator(t *testing.T) {
	for _, c := range []toolCase{
		{"does what the evidence says", script("from-evidence.py"), property.Pass, nil, 11, ""},
		{"does nothing", line("true"), property.Fail, []string{"no-loss", "no-resurrection"}, 0, "property 1 (no-loss) is broken 11 times"},
		{"appends twice", script("from-evidence.py", "status, why = destination.append(",
			"destination.append(f'\"{mailbox}\"', f\"({flags})\", date, body)\n        status, why = destination.append("),
			property.Fail, []string{"no-doubles"}, 22, "property 3 (no-doubles) is broken 11 times"},
		{"does not look what has come", script("from-evidence.py", "if not holds(destination, body):", "if True:", "known = set(done.read().split())", "known = set()"),
			property.Fail, []string{"no-doubles", "restore-repeatable"}, 11, "a restore that was run twice (mine, step 16) leaves too much"},
		{"copies all", script("plain-copy.py"), property.Fail, []string{"no-resurrection"}, 12, "its user expunged it, and it is there again"},
		{"loses flags and dates", script("from-evidence.py", `f"({flags})", date, body`, `"", None, body + b"x"`), property.Fail, []string{"no-loss"}, 11, "its body is not what the server first gave"},
		{"gives one the mail of another", script("from-evidence.py", "login(SERVING, account)", `login(SERVING, "bob")`), property.Fail,
			[]string{"no-loss", "isolation"}, -1, "property 11 (isolation) is broken"},
		{"needs a machine", script("sync-all.sh"), property.Fail, []string{"no-loss", "no-resurrection"}, 0, "mine: exit status 1; it said: sync_client runs on the old master's machine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, "sim")
		})
	}
}

// A tool that fails when all is there again has not shown that it works: unknown.
func TestToolsThatFailAtTheEnd(t *testing.T) {
	for name, c := range map[string]toolCase{
		"status":    {command: line("%s && exit 9"), because: "step 16 (restore) failed: mine: exit status 9"},
		"nonsense":  {command: line("%s; echo done"), because: "of what it prints: no report as JSON"},
		"leaves":    {command: line(`%s; echo '{"left": "NO over quota", "account": "bob", "mailbox": "INBOX"}'`), because: "mine left 1 undone"},
		"the 2nd":   {command: line(`test ! -e "$CYRDRILL_WORK/done" || exit 7; %s`), because: "run once more: mine: exit status 7"},
		"not there": {command: line("%s; no-such-command"), because: "exit status 127"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tool := "mine=" + strings.ReplaceAll(c.command(t), "%s", example(t, "from-evidence.py"))
			result, status := drillOn(t, "sim", judged(t), "--restorer", tool)
			if reasons := strings.Join(result.Reasons, "\n"); result.Verdict != property.Unknown || status != statusUnknown || !strings.Contains(reasons, c.because) {
				t.Errorf("%s, status %d: %s; want unknown, and %q", result.Verdict, status, reasons, c.because)
			}
			if result.Restores[0].Tool.Failed == "" && name != "leaves" {
				t.Error("nothing says that it failed")
			}
		})
	}
}

// One that hangs is ended, and the drill goes on.
func TestToolThatHangs(t *testing.T) {
	result, status := drillOn(t, "sim", judged(t), "--restorer", "mine=sleep 600", "--restorer-within", "1s")
	reasons := strings.Join(result.Reasons, "\n")
	if result.Verdict != property.Fail || status != statusFail || !strings.Contains(reasons, "mine did not end within 1s") || !strings.Contains(reasons, "(no-loss)") {
		t.Errorf("%s, status %d: %s", result.Verdict, status, reasons)
	}
}

// One that is killed amid its work and run again passes, if it looks what has come.
func TestToolThatIsKilled(t *testing.T) {
	plan := scenario(t, "restorer: copy-missing}", "restorer: copy-missing, kills: 5}", "    - mail-copied\n", "    - mail-copied\n    - restore-killed\n")
	result, _ := drillOn(t, "sim", plan, "--restorer", "mine="+example(t, "from-evidence.py"))
	if result.Verdict != property.Pass || result.Restores[0].Tool.Killed == 0 {
		t.Errorf("%s, %+v: %s", result.Verdict, result.Restores[0].Tool, strings.Join(result.Reasons, "\n"))
	}
}

// With the name of a restorer a command takes that one's place alone.
func TestToolInPlaceOfOneRestorer(t *testing.T) {
	result, _ := drillOn(t, "sim", judged(t), "--restorer", "carry-expunges=true")
	if len(result.Restores) != 2 || result.Restores[0].Tool != nil || result.Restores[1].Tool == nil || result.Verdict != property.Fail {
		t.Errorf("%s: %+v", result.Verdict, result.Restores)
	}
}

// On real servers: what the examples' heads say of them.
func TestToolsOnRealServers(t *testing.T) {
	cyrustest.Need(t)
	for _, c := range []toolCase{
		{"from-evidence", script("from-evidence.py"), property.Pass, nil, 11, ""},
		{"plain-copy", script("plain-copy.py"), property.Fail, []string{"no-resurrection"}, 12, "its user expunged it, and it is there again"},
		{"sync-all", script("sync-all.sh"), property.Pass, nil, -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, "docker") })
	}
}
