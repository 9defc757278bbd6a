package front_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// deliver hands testMessage to an account.
func deliver(t *testing.T, f *front.Fronts, server target.ServerName, account string) {
	t.Helper()
	l, err := wire.NewLMTP(t.Context(), dial(t, f, server, front.ServiceLMTP), wire.Peer{Server: server, Service: "lmtp"})
	noError(t, err)
	noError(t, l.Deliver(t.Context(), account, []byte(testMessage)))
	noError(t, l.Close())
}

func TestLMTPAnswersForEachRecipient(t *testing.T) {
	f := open(t, "alice", "bob", "carol")
	act(t, f, func(p *sim.Pair) (struct{}, error) { // bob has had all that his quota holds
		user := p.Serving().User()
		return struct{}{}, errors.Join(user.SetQuota(t.Context(), "bob", 1), user.Deliver(t.Context(), "bob", []byte(strings.Repeat("x", 2048)+"\r\n")))
	})
	c := smtp.NewClientLMTP(dial(t, f, target.Imap1, front.ServiceLMTP))
	defer func() { _ = c.Close() }()
	noError(t, c.Mail("", nil))
	var refused *smtp.SMTPError
	if err := c.Rcpt("nobody", nil); !errors.As(err, &refused) || refused.Code != 550 || refused.EnhancedCode != (smtp.EnhancedCode{5, 1, 1}) {
		t.Errorf("a recipient that is not there: %v", err)
	}
	for _, to := range []string{"alice@test.example", "bob", "carol"} {
		noError(t, c.Rcpt(to, nil))
	}
	data, err := c.Data()
	noError(t, err)
	_, err = data.Write([]byte(testMessage))
	noError(t, err)
	var failed smtp.LMTPDataError
	if err = data.Close(); !errors.As(err, &failed) || len(failed) != 1 || failed["bob"] == nil || failed["bob"].Code != 452 {
		t.Errorf("answers %v, want 452 for bob alone", err)
	}
	for account, want := range map[string]int{"alice": 1, "bob": 1, "carol": 1} {
		f.Do(func(p *sim.Pair) {
			m, err := p.Serving().Index().Mailbox(t.Context(), account, "INBOX")
			if err != nil || len(m.Records) != want {
				t.Errorf("%s has %d messages: %v", account, len(m.Records), err)
			}
		})
	}
}

func TestManageSieve(t *testing.T) {
	f := open(t, "alice")
	ctx := t.Context()
	s, err := sieve(t, f, target.Imap1, wire.Login{Admin: adminUser, Password: adminPassword, Account: "alice"})
	noError(t, err)
	if caps := s.Capabilities(); !strings.Contains(caps["SIEVE"], "fileinto") || caps["SASL"] != "PLAIN" || caps["VERSION"] != "1.0" {
		t.Errorf("capabilities %v", caps)
	}
	source := []byte("require [\"fileinto\"];\r\n# \"quoted\" für alle\r\nfileinto \"INBOX/Work\";\r\n")
	noError(t, s.Check(ctx, source))
	noError(t, s.Put(ctx, "rules", source))
	noError(t, s.Activate(ctx, "rules"))
	got, err := s.Get(ctx, "rules")
	noError(t, err)
	scripts, err := s.Scripts(ctx)
	noError(t, err)
	if string(got) != string(source) || len(scripts) != 1 || !scripts[0].Active {
		t.Errorf("got %q, %v", got, scripts)
	}
	for code, err := range map[string]error{
		"ACTIVE": s.Delete(ctx, "rules"), "NONEXISTENT": s.Activate(ctx, "none"), "": s.Put(ctx, "bad", []byte("nonsense")),
	} {
		var refused *target.RefusedError
		if !errors.As(err, &refused) || refused.Code != code || refused.Status != "NO" {
			t.Errorf("%v, want NO (%s)", err, code)
		}
	}
	for name, source := range map[string]string{
		"vacation": `require "vacation"; vacation "away";`, "include": `require "include"; include "other";`,
		"copy": `require ["copy", "fileinto"]; fileinto :copy "INBOX/A";`, "redirect": `redirect "x@elsewhere.example";`,
	} {
		var refused *target.RefusedError
		if err := s.Put(ctx, name, []byte(source)); !errors.As(err, &refused) || refused.Status != "NO" || !strings.Contains(refused.Text, name) {
			t.Errorf("%s: %v, want NO and a reason that names it", name, err)
		}
	}
	noError(t, s.Activate(ctx, ""))
	noError(t, s.Delete(ctx, "rules"))
	if _, err := sieve(t, f, target.Imap1, wire.Login{Admin: adminUser, Password: "wrong", Account: "alice"}); err == nil {
		t.Error("a wrong password is taken")
	}
}

// What our client never says, line by line.
func TestManageSieveLines(t *testing.T) {
	f := open(t, "alice")
	conn := dial(t, f, target.Imap1, front.ServiceSieve)
	for _, line := range []struct{ say, want string }{
		{"", "\"VERSION\" \"1.0\"\r\nOK\r\n"},
		{"LISTSCRIPTS", "NO \"Authenticate first\"\r\n"},
		{"AUTHENTICATE \"PLAIN\"", "\"\"\r\n"},
		{"{12+}\r\nAGFsaWNlAHgA", "NO \"Authentication Error\"\r\n"},
		{"AUTHENTICATE \"PLAIN\" \"AGFsaWNlAHg=\"", "OK\r\n"},
		{"NOOP \"a \\\"tag\"", "OK (TAG {6}\r\na \"tag) \"Done\"\r\n"},
		{"HAVESPACE \"x\" 100", "OK\r\n"},
		{"HAVESPACE \"x\" 100000", "NO (QUOTA/MAXSIZE) \"Script size is too large.\"\r\n"},
		{"PUTSCRIPT \"x\" {5+}\r\nkeep;", "OK\r\n"},
		{"SETACTIVE \"x\"", "OK\r\n"},
		{"RENAMESCRIPT \"x\" \"y\"", "OK\r\n"},
		{"RENAMESCRIPT \"x\" \"y\"", "NO (NONEXISTENT) \"Script doesn't exist\"\r\n"},
		{"listscripts", "\"y\" ACTIVE\r\nOK\r\n"},
		{"GETSCRIPT \"y\"", "{5}\r\nkeep;\r\nOK\r\n"},
		{"GETSCRIPT \"y", "NO \"Syntax error\"\r\n"},
		{"NONSENSE", "NO \"Unrecognized command\"\r\n"},
		{"LOGOUT", "OK\r\n"},
	} {
		if line.say != "" {
			_, err := conn.Write([]byte(line.say + "\r\n"))
			noError(t, err)
		}
		var said strings.Builder
		for buffer := make([]byte, 1024); !strings.HasSuffix(said.String(), line.want); {
			n, err := conn.Read(buffer)
			if said.Write(buffer[:n]); err != nil || len(said.String()) > len(line.want) && line.say != "" {
				t.Fatalf("%q is answered %q (%v), want %q", line.say, said.String(), err, line.want)
			}
		}
	}
	if err := greeted(conn, soon); err == nil || isTimeout(err) {
		t.Errorf("after LOGOUT: %v, want it closed", err)
	}
}
