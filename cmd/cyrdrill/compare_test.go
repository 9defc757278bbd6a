package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// comparison is what `compare` printed, and its exit status.
type comparison struct {
	out, err string
	status   int
}

func compareBy(t *testing.T, file string, arguments ...string) comparison {
	t.Helper()
	c := command(t, append([]string{"compare", "--config", file}, arguments...)...)
	c.Dir = filepath.Dir(file)
	var out, complaints strings.Builder
	c.Stdout, c.Stderr = &out, &complaints
	_ = c.Run() // its exit status is looked at by the test
	return comparison{out.String(), complaints.String(), c.ProcessState.ExitCode()}
}

// lost stops replication, and delivers a message that the replica will not have.
func lost(t *testing.T, l *fieldtest.Lab, account string) {
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		if _, err := p.Saboteur().Suspend(ctx, target.Imap1, "sync_client"); err != nil {
			return err
		}
		return p.Serving().User().Deliver(ctx, account, []byte("Subject: lost\r\n\r\n"))
	})
}

func TestCompareByTheCommandLine(t *testing.T) {
	l := fieldtest.Open(t, "alice", "bob")
	file := l.File(t)
	equal := compareBy(t, file)
	if equal.status != statusPass || equal.err != "" || !strings.Contains(equal.out, "\nverdict   EQUAL: of 2 accounts 2 are equal, 0 differ; in ") {
		t.Errorf("on an equal pair: %+v", equal)
	}
	lost(t, l, "bob")
	different := compareBy(t, file, "bob")
	if different.status != statusFail || !strings.HasPrefix(different.out, "differs   bob\n") ||
		!strings.Contains(different.out, "index-compare: message-missing: UID 1 in INBOX of bob on imap2") || !strings.Contains(different.out, "\nverdict   DIFFERENT: of 1 account 0 are equal, 1 differ; in ") {
		t.Errorf("on one that differs: %+v", different)
	}
	told := compareBy(t, file, "bob", "-o", "json")
	var summary struct {
		compare.Summary
		ByAccount []compare.Account `json:"by_account"`
	}
	if err := json.Unmarshal([]byte(told.out), &summary); err != nil {
		t.Fatalf("%v: %+v", err, told)
	}
	if told.status != statusFail || summary.Verdict != compare.Different || len(summary.ByAccount) != 1 || len(summary.ByAccount[0].Findings) == 0 || summary.Servers["master"] != "imap1" {
		t.Errorf("in JSON: %+v", summary)
	}
}

func TestCompareSaysInOneLineWhatIsWrong(t *testing.T) {
	l := fieldtest.Open(t, "alice")
	file := l.File(t)
	for _, test := range []struct {
		name      string
		arguments []string
		prepare   func()
		status    int
		want      string
	}{
		{"an account that nobody has", []string{"alcie"}, nil, statusSetup, `cyrdrill: neither server has an account "alcie"; to mend it: did you mean "alice"?`},
		{"a share of more than all", []string{"--sample", "2"}, nil, statusSetup, "cyrdrill: --sample 2: a share lies between 0 and 1"},
		{"accounts beside --full", []string{"--full", "alice"}, nil, statusSetup, "cyrdrill: --full compares all accounts: name none beside it"},
		{"a journal that nobody keeps", []string{"--journal", "j"}, nil, statusSetup, "cyrdrill: --journal is for --full, which alone keeps one"},
		{"a journal that is none", []string{"--full", "--journal", file}, nil, statusSetup, "cyrdrill: cannot go on by the journal " + file + ": it is no journal of a comparison; to mend it: remove it to begin anew, or name another by --journal"},
		{"a literal password", nil, func() { l.File(t, "{file: password}", "hunter2") }, statusSetup, "a password has no place in this file; write {env: NAME} or {file: PATH}, and put it there"},
		{"a wrong password", nil, func() { l.File(t); l.Keep(t, "guessed") }, statusSetup, `does not let "cyrus" in: NO Authentication failed; mend admin or password`},
		{"a server that is down", nil, func() {
			l.Keep(t, fieldtest.Password)
			l.Act(t, func(ctx context.Context, p *sim.Pair) error {
				_, err := p.Saboteur().KillServer(ctx, target.Imap1)
				return err
			})
		}, statusUnknown, "cyrdrill: imap1: imap not reachable: "},
	} {
		if test.prepare != nil {
			test.prepare()
		}
		got := compareBy(t, file, test.arguments...)
		first, _, _ := strings.Cut(got.err, "\n")
		if got.status != test.status || !strings.Contains(first, test.want) || got.out != "" || strings.Contains(got.err, "hunter2") || strings.Contains(got.err, "guessed") {
			t.Errorf("%s: %+v, want status %d and %q", test.name, got, test.status, test.want)
		}
	}
}

// A weekly comparison that is interrupted goes on by the same command.
func TestCompareFullGoesOn(t *testing.T) {
	names := make([]string, 40)
	for i := range names {
		names[i] = "user" + string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	l := fieldtest.Open(t, names...)
	file := l.File(t)
	journal := filepath.Join(filepath.Dir(file), "weekly.jsonl")
	c := command(t, "compare", "--config", file, "--full", "--journal", journal, "--max-rate", "16")
	var out, complaints strings.Builder
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	err := target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, "a first account in the journal", func(context.Context) (bool, string, error) {
		text, _ := os.ReadFile(journal) // it may not be there yet
		return strings.Contains(string(text), `"account":"useraa"`), string(text), nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	_ = c.Wait()
	if c.ProcessState.ExitCode() != statusInterrupted || out.Len() > 0 || !strings.Contains(complaints.String(), "and the same command goes on from there") {
		t.Fatalf("interrupted: status %d: %s%s", c.ProcessState.ExitCode(), out.String(), complaints.String())
	}
	whole := compareBy(t, file, "--full", "--journal", journal)
	if whole.status != statusPass || !strings.Contains(whole.out, "EQUAL: of 40 accounts 40 are equal, 0 differ; in ") || !strings.Contains(whole.out, ", with 1 interruption\n") {
		t.Errorf("gone on: %+v", whole)
	}
	text, err := os.ReadFile(strings.TrimSuffix(journal, ".jsonl") + ".report.txt")
	if err != nil || !strings.HasPrefix(whole.out, string(text)) {
		t.Errorf("its report: %v\n%s", err, text)
	}
	var report struct {
		ByAccount []compare.Account `json:"by_account"`
	}
	text, err = os.ReadFile(strings.TrimSuffix(journal, ".jsonl") + ".report.json")
	if err == nil {
		err = json.Unmarshal(text, &report)
	}
	if err != nil || len(report.ByAccount) != 40 {
		t.Errorf("%d accounts in the report, %v", len(report.ByAccount), err)
	}
}

// shell runs a line of the guide in a folder.
func shell(t *testing.T, folder, line string, environment ...string) comparison {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "cyrdrill")); err != nil { // TestMain knows itself by this name
		t.Fatal(err)
	}
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.Dir, c.Env = folder, append(append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")), environment...)
	var out, complaints strings.Builder
	c.Stdout, c.Stderr = &out, &complaints
	_ = c.Run()
	return comparison{out.String(), complaints.String(), c.ProcessState.ExitCode()}
}
