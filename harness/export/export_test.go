package export_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/export"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

func parse(t *testing.T, text string) *plan.Plan {
	t.Helper()
	p, err := plan.Parse("test.yaml", []byte(text), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lost loses what was not replicated when the master died; STOP and EXTRA are edits.
const lost = `apiVersion: cyrdrill/v1
name: lost-mail
title: Mail that was not replicated is lost
description: |
  Two lines,
  # one of which could be a comment.
accounts: [alice, bob]
steps:
  - deliver: {count: 2}
  - append: {account: bob, count: 2}
  - wait: {until: replicated}
  - expunge: {account: alice, which: newest}
  - wait: {until: replicated}
  - detect: {detector: monitor}
  - fault: {name: replication-stopped, on: master}
  - deliver: {to: [bob]}
  - expunge: {account: bob}
  - fault: {name: process-killed, on: master}
  - freeze
  - promote
expect:
  marks: [sync-client-frozen]
  properties: [no-loss, no-resurrection, no-doubles, access]
`

// kept is the same with nothing lost.
const kept = `apiVersion: cyrdrill/v1
name: kept-mail
title: All mail is replicated, and stays
accounts: [alice, bob]
steps:
  - deliver: {count: 2}
  - append: {account: bob}
  - expunge: {account: bob}
  - wait: {until: replicated, within: 5s}
expect:
  properties: [no-loss, no-resurrection, no-doubles, access, convergence]
`

// rehearse carries a plan out on the simulator, as cyrdrill export does.
func rehearse(p *plan.Plan) ([]traffic.Entry, error) {
	pair, err := sim.New().NewPair(context.Background(), drill.Spec(p))
	if err != nil {
		return nil, err
	}
	_, evidence := drill.Run(context.Background(), p, pair, drill.Options{Target: "sim"})
	return evidence.Entries, nil
}

func exported(t *testing.T, p *plan.Plan, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.As(&out, p, format, rehearse); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "exported")
	if err := os.WriteFile(file, out.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// tool runs a program that this machine may lack; CI may not.
func tool(t *testing.T, environment []string, name string, arguments ...string) (said string, status int) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, name, arguments...)
	command.Env = append(os.Environ(), environment...)
	text, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	return string(text), command.ProcessState.ExitCode()
}

func TestWhatIsExportedIsWellFormed(t *testing.T) {
	for _, text := range []string{lost, kept} {
		p := parse(t, text)
		if said, status := tool(t, nil, "bash", "-n", exported(t, p, "sh")); status != 0 {
			t.Errorf("%s as sh: %s", p.Name, said)
		}
		if said, status := tool(t, nil, "perl", "-Itestdata/perl", "-c", exported(t, p, "cassandane")); status != 0 {
			t.Errorf("%s as cassandane: %s", p.Name, said)
		}
	}
}

// The check of Perl's syntax is one.
func TestPerlCheckCanFail(t *testing.T) {
	file := exported(t, parse(t, lost), "cassandane")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("my ($self) = @_;"), []byte("my ($self = @_;"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, status := tool(t, nil, "perl", "-Itestdata/perl", "-c", file); status == 0 {
		t.Error("a syntax error passes")
	}
}

// What cannot be exported is refused, each part with its place.
func TestRefused(t *testing.T) {
	p := parse(t, `apiVersion: cyrdrill/v1
name: too-much
title: Much that takes cyrdrill
accounts: [alice, bob]
steps:
  - deliver
  - work: {operations: 3, only: [subscribe]}
  - expunge: {account: alice, which: random}
  - fault: {any: {sync-client-killed: 1, network-slow: 1}}
  - fault: {name: disk-full, on: replica}
  - fault: {name: index-truncated, on: replica}
  - fault: {name: process-killed}
  - freeze
  - promote
  - rescue
  - restore: {restorer: copy-missing}
expect:
  properties: [no-loss, state-kept]
`)
	const want = `test.yaml:9:5: cannot export a fault that is drawn from several; reduce the plan to one without it
test.yaml:10:19: cannot export the fault "disk-full": no plain command does just that; reduce the plan to one without it
test.yaml:11:19: cannot export index-truncated of 1 of 2 accounts' mailboxes: which ones is cyrdrill's chance; name as many accounts as are hurt; reduce the plan to one without it
test.yaml:16:5: cannot export the step "restore": what a restore does follows from what it finds, and it takes cyrdrill to plan it; reduce the plan to one without it
test.yaml:18:25: cannot export the property "state-kept": it takes cyrdrill to judge it; leave it out, or reduce the plan to another property`
	for _, format := range export.Formats() {
		var out bytes.Buffer
		if err := export.As(&out, p, format, rehearse); err == nil || err.Error() != want || out.Len() > 0 {
			t.Errorf("as %s %d bytes and\n%v\nwant\n%s", format, out.Len(), err, want)
		}
	}
}

// The script passes on a simulated pair on sockets where nothing is lost, and says what is
// broken where a promise is: here the replica's INBOX lacks what a stopped replication
// never sent.
func TestScriptOnSimulatedServers(t *testing.T) {
	file := exported(t, parse(t, kept), "sh")
	for broken, want := range map[bool]int{false: 0, true: 2} {
		pair, err := sim.NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice", "bob"}})
		if err != nil {
			t.Fatal(err)
		}
		if broken {
			if _, err := pair.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
				t.Fatal(err)
			}
		}
		fronts, err := front.Open(t.Context(), pair, front.Options{Admin: docker.AdminUser, Password: docker.AdminPassword})
		if err != nil {
			t.Fatal(err)
		}
		environment := []string{"ON1=false", "ON2=false"}
		for i, server := range pair.Servers() {
			number := string(rune('1' + i))
			environment = append(environment, "IMAP"+number+"="+fronts.Address(server.Name(), "imap"), "LMTP"+number+"="+fronts.Address(server.Name(), "lmtp"))
		}
		said, status := tool(t, environment, "bash", file)
		if status != want || !broken && !strings.Contains(said, "every promise holds") {
			t.Errorf("replication stopped: %v, status %d:\n%s", broken, status, said)
		}
		if err := fronts.Close(); err != nil {
			t.Error(err)
		}
	}
}

// On real servers the script and a drill of the same plan say the same: which messages are
// lost, and which are back.
func TestScriptOnRealServers(t *testing.T) {
	cut := strings.NewReplacer("  - fault: {name: replication-stopped, on: master}\n", "  - fault: {name: index-truncated, on: replica, accounts: [bob]}\n",
		"  - deliver: {to: [bob]}\n  - expunge: {account: bob}\n", "", "marks: [sync-client-frozen]", "marks: []").Replace(lost)
	for _, test := range []struct {
		name, text string
		status     int
		says       []string
	}{
		{"nothing is lost", kept, 0, []string{"every promise holds"}},
		{"replication was stopped", lost, 1, []string{
			"BROKEN no-loss: bob-0005 was acknowledged and is not there", "BROKEN no-resurrection: bob-0001 was expunged and is there again",
		}},
		{"an index is cut off", cut, 1, []string{"BROKEN access: the INBOX of bob cannot be opened", "BROKEN no-loss: the INBOX of bob cannot be read"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := parse(t, test.text)
			pair := cyrustest.Pair(t, target.Spec{})
			said, status := tool(t, surroundings(t, pair), "bash", exported(t, p, "sh"))
			if status != test.status || strings.Count(said, "BROKEN") != strings.Count(strings.Join(test.says, "\n"), "BROKEN") {
				t.Errorf("status %d, want %d:\n%s", status, test.status, said)
			}
			for _, says := range test.says {
				if !strings.Contains(said, says) {
					t.Errorf("it does not say %q:\n%s", says, said)
				}
			}
			simulated, err := sim.New().NewPair(t.Context(), drill.Spec(p))
			if err != nil {
				t.Fatal(err)
			}
			result, _ := drill.Run(t.Context(), p, simulated, drill.Options{Target: "sim"})
			if drilled := result.Verdict == property.Fail; drilled != (status == 1) {
				t.Errorf("the drill says %s, the script ends with %d:\n%s", result.Verdict, status, strings.Join(result.Reasons, "\n"))
			}
		})
	}
}

// surroundings tell the script where a real pair is.
func surroundings(t *testing.T, pair target.Pair) []string {
	t.Helper()
	environment := []string{"ADMIN=" + docker.AdminUser, "PASSWORD=" + docker.AdminPassword}
	for i, server := range pair.Servers() {
		number, addresses := string(rune('1'+i)), pair.(target.Addressed).Addresses()[server.Name()]
		on := pair.(target.Machines).OnMachine(server.Name())
		container := on[slices.Index(on, "cyrus")+1] // behind "docker exec … --user cyrus"
		environment = append(environment, "IMAP"+number+"="+addresses["imap"], "LMTP"+number+"="+addresses["lmtp"],
			"ON"+number+"="+strings.Join(on, " "), "KILL"+number+"=docker kill "+container,
			"LOG"+number+"=docker logs "+container, "SIEVE"+number+"="+addresses["sieve"],
			"ROOT"+number+"=docker run --rm --network none --pid container:"+container+
				" --cap-add SYS_ADMIN --cap-add SYS_PTRACE --entrypoint busybox "+docker.Image("bookworm")+" nsenter -t 1 -m --")
	}
	return environment
}
