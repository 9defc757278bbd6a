package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
)

// output runs cyrdrill and wants it to succeed.
func output(t *testing.T, in string, arguments ...string) string {
	t.Helper()
	c := command(t, arguments...)
	return outputOf(t, c, in)
}

func outputOf(t *testing.T, c *exec.Cmd, in string) string {
	t.Helper()
	c.Stdin = strings.NewReader(in)
	text, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("cyrdrill %s: %v\n%s", strings.Join(c.Args[1:], " "), err, text)
	}
	return string(text)
}

// A pair to poke at: up, a shell on it, a drill on it, and down.
func TestUpShellRunDown(t *testing.T) {
	cyrustest.Need(t)
	up := output(t, "", "up", "--accounts", "dora")
	name := ""
	for line := range strings.Lines(up) {
		if fields := strings.Fields(line); len(fields) == 7 && fields[1] == "imap1" {
			name = fields[0] // the last is the youngest
		}
	}
	if name == "" {
		t.Fatalf("up names no pair:\n%s", up)
	}
	t.Cleanup(func() { _ = command(t, "down", name).Run() })
	for _, want := range []string{"Cyrus 3.6.1", "127.0.0.1:", "cyrdrill shell", "cyrdrill down"} {
		if !strings.Contains(up, want) {
			t.Errorf("up does not say %q:\n%s", want, up)
		}
	}
	if got := output(t, "hostname\n", "shell", "imap2", "--pair", name); got != "imap2\n" {
		t.Errorf("hostname in a shell on imap2 is %q", got)
	}
	if got := output(t, "", "doctor"); !strings.Contains(got, name) {
		t.Errorf("doctor does not tell of the pair that is kept:\n%s", got)
	}
	if got := output(t, "", "run", "unreplicated-mail", "--pair", name); !strings.Contains(got, "PASS") {
		t.Errorf("a drill on the pair:\n%s", got)
	}
	if got := output(t, "", "down", name); !strings.Contains(got, "kept pairs removed: 1") {
		t.Errorf("down says %q", got)
	}
	gone := command(t, "shell", "--pair", name)
	if text, _ := gone.CombinedOutput(); gone.ProcessState.ExitCode() != statusSetup {
		t.Errorf("a shell on what is gone: exit status %d, %s", gone.ProcessState.ExitCode(), text)
	}
}

// With --keep the drill's pair stays as the drill has left it.
func TestKeepLeavesThePair(t *testing.T) {
	cyrustest.Need(t)
	c := command(t, "run", "unreplicated-mail", "--keep")
	ofOneSession(c)
	text := outputOf(t, c, "")
	_, after, found := strings.Cut(text, "kept      pair ")
	if !found {
		t.Fatalf("the run does not say which pair it keeps:\n%s", text)
	}
	name := strings.Fields(after)[0]
	t.Cleanup(func() { _ = command(t, "down", strings.TrimSuffix(name, ":")).Run() })
	if got := output(t, "ls /var/lib/cyrus/sync\n", "shell", "imap1", "--pair", strings.TrimSuffix(name, ":")); !strings.Contains(got, "log") {
		t.Errorf("the old master's sync log is not there: %q", got)
	}
}

// Without the image: one line that says what makes it, and exit status 2.
func TestMissingImage(t *testing.T) {
	cyrustest.Need(t)
	c := command(t, "run", "-", "--target", "docker")
	c.Stdin = strings.NewReader(strings.Replace(scenario(t), "cyrus: bookworm", "cyrus: forky", 1))
	text, _ := c.CombinedOutput()
	if want := "make images SUITE=forky"; c.ProcessState.ExitCode() != statusSetup || !strings.Contains(string(text), want) || strings.Count(string(text), "\n") != 1 {
		t.Errorf("exit status %d, %q; want one line with %q", c.ProcessState.ExitCode(), text, want)
	}
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) != 0 {
		t.Errorf("it has touched %v, %v", left, err)
	}
}
