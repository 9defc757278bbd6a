package sim_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func arrived(t *testing.T, p *sim.Pair, account string, uid uint32, within time.Duration) bool {
	t.Helper()
	err := target.WaitUntil(t.Context(), p.Clock(), within, "the message", func(ctx context.Context) (bool, string, error) {
		m, err := p.Server(target.Imap2).Index().Mailbox(ctx, account, "INBOX")
		return m.LastUID >= uid, "", err
	})
	var late *target.TimeoutError
	if err != nil && !errors.As(err, &late) {
		t.Fatal(err)
	}
	return err == nil
}

// A network that is slower than sync_timeout lets nothing through, one that is
// quicker everything, if late.
func TestSlowNetwork(t *testing.T) {
	p := newPair(t, 7)
	network := p.Saboteur().(target.NetworkSaboteur)
	delay := func(d time.Duration) {
		if evidence, err := network.Delay(t.Context(), target.Imap2, d); err != nil || !evidence.Landed() {
			t.Fatalf("%v, %v", evidence, err)
		}
	}
	delay(time.Second)
	appendTo(t, p, "alice", "first")
	if arrived(t, p, "alice", 1, time.Second) {
		t.Error("a message crossed a slow network at once")
	}
	if !arrived(t, p, "alice", 1, 20*time.Second) {
		t.Error("a message did not cross a slow network at all")
	}
	delay(6 * time.Second)
	appendTo(t, p, "alice", "second")
	if arrived(t, p, "alice", 2, time.Minute) {
		t.Error("a message crossed a network that is slower than sync_timeout")
	}
	delay(0)
	if !arrived(t, p, "alice", 2, 10*time.Second) {
		t.Error("nothing goes on in a network that is quick again")
	}
}

func appendTo(t *testing.T, p *sim.Pair, account, subject string) {
	t.Helper()
	session, err := p.Serving().User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() // the answer is in
	if _, _, err := session.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("Subject: " + subject + "\r\n\r\n" + subject + "\r\n")}); err != nil {
		t.Fatal(err)
	}
}

func TestPowerCut(t *testing.T) {
	for name, test := range map[string]struct {
		wait time.Duration
		want string // the script that runs afterwards
	}{
		"at once":              {0, "old"},
		"when all was written": {time.Minute, "new"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, 7)
			activate(t, p, "old")
			pass(t, p, time.Minute)
			appendTo(t, p, "alice", "acknowledged")
			activate(t, p, "new")
			pass(t, p, test.wait)
			evidence, err := p.Saboteur().(target.PowerSaboteur).CutPower(t.Context(), target.Imap1)
			if err != nil || !evidence.Landed() {
				t.Fatalf("%v, %v", evidence, err)
			}
			if err := p.Operator().Start(t.Context(), target.Imap1); err != nil {
				t.Fatal(err)
			}
			m, err := p.Server(target.Imap1).Index().Mailbox(t.Context(), "alice", "INBOX")
			if err != nil || len(m.Records) != 1 {
				t.Errorf("an acknowledged message is gone: %v, %v", m.Records, err)
			}
			compiled, err := p.Server(target.Imap1).Host().CompiledScripts(t.Context(), "alice")
			active := slices.IndexFunc(compiled, func(c target.CompiledScript) bool { return c.Active })
			if err != nil || active < 0 || compiled[active].Name != test.want {
				t.Errorf("after the power cut these run: %v, %v; want %s", compiled, err, test.want)
			}
		})
	}
}

func activate(t *testing.T, p *sim.Pair, name string) {
	t.Helper()
	session, err := p.Serving().User().Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() // the answer is in
	if err := session.Put(t.Context(), name, []byte("keep;\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := session.Activate(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}
