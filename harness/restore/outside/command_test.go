package outside

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// machines are those of a pair that has some.
type machines struct{}

func (machines) OnMachine(server target.ServerName) []string {
	return []string{"on", string(server)}
}

// scene is that of a pair whose replica serves, and whose master was rescued.
func scene(t *testing.T) Scene {
	t.Helper()
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice", "bob"}})
	if err != nil {
		t.Fatal(err)
	}
	return Scene{
		Scene: restore.Scene{
			Accounts: []string{"alice", "bob"}, Rescued: pair.Server(target.Imap1), Serving: pair.Server(target.Imap2), Role: pair.Role,
			Freeze:   &restore.Freeze{Sides: map[target.ServerName]*restore.FrozenSide{target.Imap1: {Server: target.Imap1}}},
			Findings: []detect.Finding{{Kind: target.MessageMissing}},
		},
		Policy: restore.PolicyRestore, Machines: machines{}, Directory: t.TempDir(),
	}
}

func newCommand(line string, within time.Duration) *Command {
	return New("mine", line, within, command.Doors{Admin: "admin", Password: "secret", Open: func(context.Context) (target.Addresses, func() error, error) {
		return target.Addresses{target.Imap2: {"imap": "127.0.0.1:143"}}, func() error { return nil }, nil
	}})
}

func TestWhatACommandIsToldAndTells(t *testing.T) {
	var told []string
	s := scene(t)
	s.Observe = func(share float64, text string) { told = append(told, text) }
	said, err := newCommand(`echo
echo '# a remark'
echo "{\"progress\": 0.5, \"text\": \"$CYRDRILL_SERVERS, $CYRDRILL_ACCOUNTS, $CYRDRILL_ADMIN:$CYRDRILL_PASSWORD, $CYRDRILL_IMAP2_IMAP, [$CYRDRILL_IMAP1_SYNC]\"}"
echo "{\"progress\": 1, \"text\": \"$CYRDRILL_SERVING from $CYRDRILL_RESCUED, $CYRDRILL_IMAP1_ROLE and $CYRDRILL_IMAP2_ROLE, $CYRDRILL_IMAP1_EXEC, $CYRDRILL_POLICY\"}"
echo '{"doubtful": "message", "account": "alice", "mailbox": "INBOX", "uid": 3, "guid": "0123456789012345678901234567890123456789", "text": "who knows"}'
echo '{"left": "NO", "account": "bob"}'
cp "$CYRDRILL_FREEZE" "$CYRDRILL_FINDINGS" "$CYRDRILL_WORK"`, Within).Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"imap1 imap2, alice bob, admin:secret, 127.0.0.1:143, []", "imap2 from imap1, master and replica, on imap1, restore"}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("its environment: %q; want %q", told, want)
	}
	if len(said.Doubtful) != 1 || said.Doubtful[0].UID != 3 || !said.Doubtful[0].Doubtful || said.Doubtful[0].Act != restore.Keep {
		t.Errorf("doubtful: %+v", said.Doubtful)
	}
	if len(said.Left) != 1 || said.Left[0].Reason != "NO" || said.Left[0].Action.Account != "bob" {
		t.Errorf("left: %+v", said.Left)
	}
	var freeze restore.Freeze
	var findings []detect.Finding
	for file, into := range map[string]any{"freeze.json": &freeze, "findings.json": &findings} {
		text, err := os.ReadFile(filepath.Join(s.Directory, "work", file))
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Errorf("the evidence in %s: %v", file, err)
		}
	}
	if len(freeze.Sides) != 1 || len(findings) != 1 {
		t.Errorf("the evidence: %+v, %+v", freeze, findings)
	}
}

// A command that fails is one clear line, and what it said before is kept.
func TestCommandsThatFail(t *testing.T) {
	const good = `echo '{"left": "NO", "account": "alice"}'; `
	for name, tc := range map[string]struct{ line, complaint string }{
		"hangs":              {good + "sleep 60 & sleep 60", "mine did not end within"},
		"ends with a status": {good + "echo why >&2; exit 3", "exit status 3; it said: why"},
		"crashes":            {good + "kill -SEGV $$", "signal: segmentation fault"},
		"is not there":       {good + "/nonexistent/command", "exit status 127; it said: "},
		"prints nonsense":    {good + "echo all is well", "mine, line 2 of what it prints: no report as JSON"},
		"prints binary":      {good + `printf '\377\376\n'`, "no report as JSON"},
		"restores others":    {good + `echo '{"left": "NO", "account": "eve"}'`, `account "eve" is none of CYRDRILL_ACCOUNTS`},
		"floods":             {good + "yes '# no end'", "mine prints more than 100000 lines"},
		"floods at length":   {good + "cat /dev/zero", "mine prints a line of more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			within := Within
			if name == "hangs" {
				within = 300 * time.Millisecond
			}
			began := time.Now()
			said, err := newCommand(tc.line, within).Run(t.Context(), scene(t))
			if err == nil || !strings.Contains(err.Error(), tc.complaint) || strings.Contains(err.Error(), "\n") {
				t.Errorf("it says %v; want one line with %q", err, tc.complaint)
			}
			if len(said.Left) != 1 {
				t.Errorf("what it said before: %+v", said)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// Whoever kills a command amid its work gets to know that it was that; it keeps what is
// in its directory, and what it has started ends with it.
func TestCommandThatIsKilled(t *testing.T) {
	ctx, kill := context.WithCancelCause(t.Context())
	s := scene(t)
	s.Observe = func(float64, string) { kill(command.ErrKilled) }
	c := newCommand(`cat "$CYRDRILL_WORK/here" 2>/dev/null && exit; echo '{"left": "kept", "account": "bob"}' >"$CYRDRILL_WORK/here"; echo '{"progress": 0}'; sleep 60`, Within)
	if _, err := c.Run(ctx, s); !errors.Is(err, command.ErrKilled) {
		t.Fatalf("it ended with %v", err)
	}
	said, err := c.Run(t.Context(), s)
	if err != nil || len(said.Left) != 1 || said.Left[0].Reason != "kept" {
		t.Errorf("run again: %+v, %v", said, err)
	}
}

func TestWhosePlaceACommandTakes(t *testing.T) {
	for name, want := range map[string]map[string]bool{
		"mine":              {"copy-missing": true, "restore-everything": true, "rebuild-mailboxes": false, "nobody": false},
		"copy-missing":      {"copy-missing": true, "merge-flags": false},
		"rebuild-mailboxes": {"rebuild-mailboxes": true, "copy-missing": false},
	} {
		for restorer, takes := range want {
			if got := New(name, "true", Within, command.Doors{}).Takes(restorer); got != takes {
				t.Errorf("%s takes the place of %s: %v", name, restorer, got)
			}
		}
	}
}
