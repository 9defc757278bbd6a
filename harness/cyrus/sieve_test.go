package cyrus

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func scriptSession(t testing.TB, server target.Server, account string) target.ScriptSession {
	t.Helper()
	session, err := server.User().Scripts(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return session
}

// wantRefusal wants a server's no with the response code, and the words in it.
func wantRefusal(t testing.TB, what string, err error, code, words string) {
	t.Helper()
	var refused *target.RefusedError
	if !errors.As(err, &refused) || refused.Status != "NO" || refused.Code != code || !strings.Contains(refused.Text, words) {
		t.Errorf("%s: %v, want NO with code %q and %q", what, err, code, words)
	}
}

func TestSieveScripts(t *testing.T) {
	p := warm.get(t)
	ctx, session := t.Context(), scriptSession(t, p.Serving(), "alice")
	wantList := func(what string, want ...target.ScriptInfo) {
		t.Helper()
		if got, err := session.List(ctx); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", what, got, err, want)
		}
	}
	wantList("at first")
	rules, other := []byte("require \"fileinto\";\r\n# Köln\r\nfileinto \"INBOX/x\";\r\n"), []byte("keep;\n")
	if err := errors.Join(session.Put(ctx, "rules", other), session.Put(ctx, "rules", rules), session.Put(ctx, "two words", other)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"rules": rules, "two words": other} {
		if got, err := session.Get(ctx, name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := errors.Join(session.Delete(ctx, "two words"), session.Put(ctx, "empty", nil), session.Activate(ctx, "rules")); err != nil {
		t.Fatal(err)
	}
	wantList("one active", target.ScriptInfo{Name: "empty"}, target.ScriptInfo{Name: "rules", Active: true})

	wantRefusal(t, "deleting the active script", session.Delete(ctx, "rules"), "ACTIVE", "Active script cannot be deleted")
	wantRefusal(t, "activating what is not there", session.Activate(ctx, "nope"), "NONEXISTENT", "Script does not exist")
	wantRefusal(t, "deleting what is not there", session.Delete(ctx, "nope"), "NONEXISTENT", "Script does not exist")
	wantRefusal(t, "getting what is not there", second(session.Get(ctx, "nope")), "NONEXISTENT", "Script does not exist")
	wantRefusal(t, "a bad script", session.Put(ctx, "bad", []byte("keep;\r\nfooq bar;\r\n")), "", "line 2: syntax error")
	wantRefusal(t, "a script over 32 KB", session.Put(ctx, "big", []byte("#"+strings.Repeat("x", 40_000)+"\r\n")), "", "")
	wantList("after what was refused", target.ScriptInfo{Name: "empty"}, target.ScriptInfo{Name: "rules", Active: true})

	if err := errors.Join(session.Activate(ctx, ""), session.Delete(ctx, "rules"), session.Delete(ctx, "empty")); err != nil {
		t.Error(err)
	}
	wantList("at last")
}

// A script that a session put acts on mail, and on no other account's.
func TestSieveScriptActs(t *testing.T) {
	p := warm.get(t)
	session := scriptSession(t, p.Serving(), "alice")
	if err := errors.Join(session.Put(t.Context(), "drop", []byte("discard;\r\n")), session.Activate(t.Context(), "drop")); err != nil {
		t.Fatal(err)
	}
	for account, want := range map[string]uint32{"alice": 0, "bob": 1} {
		deliver(t, p.Serving(), account, "to "+account)
		if got := snapshot(t, p.Serving(), account).Mailboxes[0].LastUID; got != want {
			t.Errorf("%s has %d messages, want %d", account, got, want)
		}
	}
}

// Where a client goes without LOGOUT, timsieved crashes. Five crashes are the
// end of the service, so sessions whose calls ended early must not add up.
func TestSieveSessionsThatEndEarly(t *testing.T) {
	p := warm.get(t)
	s := p.server(target.Imap1)
	for range 6 {
		session := scriptSession(t, p.Serving(), "alice")
		if _, err := p.engine.ContainerPause(t.Context(), s.id, clientPause); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := session.Put(ctx, "a", []byte("keep;\n")); !errors.Is(err, context.DeadlineExceeded) || target.OutcomeOf(err) != target.InDoubt {
			t.Errorf("PUTSCRIPT to a paused server: %v", err)
		}
		cancel()
		if _, err := p.engine.ContainerUnpause(t.Context(), s.id, client.ContainerUnpauseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := scriptSession(t, p.Serving(), "alice").List(t.Context()); err != nil {
		t.Error(err)
	}
	if log, err := s.Host().Syslog(t.Context()); err != nil || strings.Contains(string(log), "signaled to death") {
		t.Errorf("timsieved has crashed (%v):\n%s", err, log)
	}
}
