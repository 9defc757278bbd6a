package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

// command is cyrdrill as a process of its own, in a directory of its own.
func command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, self)
	c.Args = append([]string{"cyrdrill"}, arguments...) // TestMain knows itself by this name
	c.Dir = t.TempDir()
	return c
}

// drillOn runs a plan by the command line, with more arguments, and returns its result
// and the exit status.
func drillOn(t *testing.T, targetName, planText string, more ...string) (drill.Result, int) {
	t.Helper()
	c := command(t, append([]string{"run", "-", "--target", targetName, "-o", "json"}, more...)...)
	c.Stdin = strings.NewReader(planText)
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	err := c.Run()
	if c.ProcessState == nil {
		t.Fatalf("cyrdrill did not run: %v", err)
	}
	var result drill.Result
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("on %s: exit status %d, %v\n%s%s", targetName, c.ProcessState.ExitCode(), err, out.Bytes(), complaints.Bytes())
	}
	if complaints.Len() > 0 {
		t.Errorf("on %s: complaints: %s", targetName, complaints.Bytes())
	}
	return result, c.ProcessState.ExitCode()
}

func scenario(t *testing.T, edits ...string) string {
	t.Helper()
	text, err := scenarios.Text("unreplicated-mail")
	if err != nil {
		t.Fatal(err)
	}
	edited := string(text)
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(edited, edits[i]) {
			t.Fatalf("the scenario has no %q to change", edits[i])
		}
		edited = strings.ReplaceAll(edited, edits[i], edits[i+1])
	}
	return edited
}

func keysOf(result drill.Result) []string {
	var keys []string
	for _, f := range result.Findings {
		keys = append(keys, f.Key())
	}
	return keys
}

// both runs a plan on both targets and wants the same of them: verdict, marks,
// findings and what was restored.
func both(t *testing.T, planText string, want property.Verdict) (onSim, onDocker drill.Result) {
	t.Helper()
	onSim, simStatus := drillOn(t, "sim", planText)
	onDocker, dockerStatus := drillOn(t, "docker", planText)
	wantStatus := map[property.Verdict]int{property.Pass: statusPass, property.Fail: statusFail, property.Unknown: statusUnknown}[want]
	for _, got := range []struct {
		drill.Result
		status int
	}{{onSim, simStatus}, {onDocker, dockerStatus}} {
		if got.Verdict != want || got.status != wantStatus {
			t.Errorf("on %s: verdict %s, exit status %d, want %s and %d: %s", got.Target, got.Verdict, got.status, want, wantStatus, strings.Join(got.Reasons, "\n"))
		}
	}
	if diff := cmp.Diff(keysOf(onSim), keysOf(onDocker)); diff != "" {
		t.Errorf("findings on sim (-) and docker (+):\n%s", diff)
	}
	return onSim, onDocker
}

func TestLostMailIsFoundAndBroughtBackOnBothTargets(t *testing.T) {
	cyrustest.Need(t)
	onSim, onDocker := both(t, scenario(t), property.Pass)
	for _, result := range []drill.Result{onSim, onDocker} {
		if len(result.Findings) != 12 {
			t.Errorf("on %s: %d findings, want the 11 messages and the expunge that were never replicated", result.Target, len(result.Findings))
		}
		for _, mark := range result.Marks {
			if !mark.Reached {
				t.Errorf("on %s: mark %s was not reached", result.Target, mark.Name)
			}
		}
	}
	if onDocker.Cyrus == onSim.Cyrus {
		t.Errorf("both say that they are %q", onSim.Cyrus)
	}
}

// Without the copy step the mail stays lost.
func TestWithoutTheRestoreBothTargetsFailByNoLoss(t *testing.T) {
	cyrustest.Need(t)
	withoutRestore := scenario(t,
		"  - restore: {restorer: copy-missing}\n", "",
		"    - uids-reused\n", "", "    - expunged-on-new-master\n", "", // a restore looks for these two
		"    - mail-copied\n", "", "    - expunge-carried-over\n", "")
	onSim, onDocker := both(t, withoutRestore, property.Fail)
	for _, result := range []drill.Result{onSim, onDocker} {
		wantBroken(t, result, 1)
	}
}

// With everything copied back, deleted mail lives again.
func TestWithEverythingCopiedBackBothTargetsFailByNoResurrection(t *testing.T) {
	cyrustest.Need(t)
	onSim, onDocker := both(t, scenario(t, "copy-missing", "copy-everything"), property.Fail)
	for _, result := range []drill.Result{onSim, onDocker} {
		wantBroken(t, result, 2)
	}
}

func wantBroken(t *testing.T, result drill.Result, number int) {
	t.Helper()
	i := slices.IndexFunc(result.Properties, func(p property.Result) bool { return p.Number == number })
	if i < 0 || result.Properties[i].Verdict != property.Fail {
		t.Errorf("on %s: property %d is not broken: %+v", result.Target, number, result.Properties)
		return
	}
	named := result.Properties[i].Name
	if !slices.ContainsFunc(result.Reasons, func(reason string) bool { return strings.Contains(reason, named) }) {
		t.Errorf("on %s: no reason names %s: %v", result.Target, named, result.Reasons)
	}
}

// resultIn reads the only result under a command's results.
func resultIn(t *testing.T, c *exec.Cmd) drill.Result {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.Dir, "results", "*", "result.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("results: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := drill.CheckResult(text); err != nil {
		t.Errorf("%s: %v", files[0], err)
	}
	var result drill.Result
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	return result
}
