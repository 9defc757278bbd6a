package outside

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// look runs a command line on a pair whose replica's IMAP is somewhere.
func look(t *testing.T, line string, within time.Duration) (*Command, []detect.Finding, error) {
	t.Helper()
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice", "bob"}})
	if err != nil {
		t.Fatal(err)
	}
	c := New("mine", line, command.Doors{Admin: "admin", Password: "secret", Open: func(context.Context) (target.Addresses, func() error, error) {
		return target.Addresses{target.Imap2: {"imap": "127.0.0.1:143"}}, func() error { return nil }, nil
	}})
	c.command.Within = within
	servers := pair.Servers()
	found, err := c.Detect(t.Context(), detect.Scene{
		Clock: pair.Clock(), Executor: pair.Executor(), Accounts: []string{"alice", "bob"}, Master: target.Imap1,
		Sides: []detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])},
	})
	return c, found, err
}

func TestFindingsOfACommand(t *testing.T) {
	c, found, err := look(t, `echo '{"claims": ["flags-differ"]}'
echo
echo '# a remark'
echo "{\"kind\": \"flags-differ\", \"server\": \"imap2\", \"account\": \"alice\", \"mailbox\": \"INBOX\", \"uid\": 3, \"right\": \"$CYRDRILL_MASTER\", \"evidence\": \"$CYRDRILL_SERVERS, $CYRDRILL_ACCOUNTS, $CYRDRILL_ADMIN:$CYRDRILL_PASSWORD, $CYRDRILL_IMAP2_IMAP, [$CYRDRILL_IMAP1_SYNC]\"}"`, Within)
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	f := found[0]
	if f.Detector != "mine" || f.Kind != target.FlagsDiffer || f.FoundAt.IsZero() || f.Right != target.Imap1 ||
		f.Place != (target.Place{Server: target.Imap2, Account: "alice", Mailbox: "INBOX", UID: 3}) {
		t.Errorf("%+v", f)
	}
	if want := "imap1 imap2, alice bob, admin:secret, 127.0.0.1:143, []"; f.Evidence != want {
		t.Errorf("its environment: %s; want %s", f.Evidence, want)
	}
	if kinds := c.Promise().Kinds; len(kinds) != 1 || kinds[0] != target.FlagsDiffer {
		t.Errorf("it claims %v", kinds)
	}
}

func TestCommandsThatCannotBeUsed(t *testing.T) {
	const good = `echo '{"kind": "flags-differ", "server": "imap2", "account": "alice"}'; `
	for name, tc := range map[string]struct{ line, complaint string }{
		"hangs":                 {good + "sleep 60 & sleep 60", "mine did not end within"},
		"ends with a status":    {good + "echo why >&2; exit 3", "exit status 3; it said: why"},
		"is killed":             {good + "kill -9 $$", "signal: killed"},
		"is not there":          {good + "/nonexistent/command", "exit status 127; it said: "},
		"prints nonsense":       {good + "echo all is well", "mine, line 2 of what it prints: no finding as JSON"},
		"prints a list":         {good + "echo []", "no finding as JSON"},
		"prints two on a line":  {good + `echo '{"kind":"flags-differ","server":"imap2"}{}'`, "more than one thing"},
		"knows another kind":    {good + `echo '{"kind":"broken","server":"imap2"}'`, `kind "broken" is none`},
		"claims another kind":   {good + `echo '{"claims":["broken"]}'`, `kind "broken" is none`},
		"knows another server":  {good + `echo '{"kind":"flags-differ","server":"imap3"}'`, `server "imap3": there are imap1 and imap2`},
		"believes another":      {good + `echo '{"kind":"flags-differ","server":"imap1","right":"imap3"}'`, `right "imap3"`},
		"knows another field":   {good + `echo '{"kind":"flags-differ","server":"imap1","where":"here"}'`, `unknown field "where"`},
		"floods":                {good + "yes '# no end'", "mine prints more than 10000 lines"},
		"floods without a line": {good + "cat /dev/zero", "mine prints a line of more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			within := Within
			if name == "hangs" {
				within = 300 * time.Millisecond
			}
			began := time.Now()
			_, found, err := look(t, tc.line, within)
			if err == nil || !strings.Contains(err.Error(), tc.complaint) || strings.Contains(err.Error(), "\n") {
				t.Errorf("it says %v; want one line with %q", err, tc.complaint)
			}
			if len(found) != 1 {
				t.Errorf("what it found before: %v", found)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestDetectorsThatAreNone(t *testing.T) {
	for text, complaint := range map[string]string{
		"mine": "write name=command", "mine=": "write name=command", "=true": "neither blanks", "a b=true": "neither blanks", "monitor=true": "already",
	} {
		if _, _, err := Parse(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if name, line, err := Parse("mine=check --all=yes"); err != nil || name != "mine" || line != "check --all=yes" {
		t.Errorf("%s, %s, %v", name, line, err)
	}
}
