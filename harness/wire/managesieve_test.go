package wire

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

var sieveCaps = []string{
	`S: "IMPLEMENTATION" "Cyrus timsieved 3.6.1-Debian-3.6.1-4+deb12u5"`, `S: "VERSION" "1.0"`, `S: "SASL" "PLAIN"`,
	`S: "SIEVE" "fileinto vacation"`, `S: "UNAUTHENTICATE"`,
}

var sieveHello = wiretest.Lines(sieveCaps, []string{
	"S: OK", `C: AUTHENTICATE "PLAIN" "YWxpY2UAYWRtaW4Ac2VjcmV0"`, "S: OK",
})

// withSieve runs test on a connection that has logged in and meets the rest of
// the conversation, in virtual time.
func withSieve(t *testing.T, conversation []string, test func(t *testing.T, s *Sieve)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := NewSieve(t.Context(), wiretest.Talk(t, wiretest.Lines(sieveHello, conversation)...), testPeer, testLogin)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // so that what the server says unasked has been heard
		test(t, s)
		began := time.Now()
		if err := s.Close(); err != nil || time.Since(began) > 2*farewell {
			t.Errorf("closing: %v after %v", err, time.Since(began))
		}
	})
}

func TestSieveReads(t *testing.T) {
	withSieve(t, []string{
		"C: LISTSCRIPTS", `S: "rules" ACTIVE`, "S: {4}", "S: Köl", `S: "a \"b\\ {3}" active`, `S: "OK"`, "S: OK",
		`C: GETSCRIPT "rules"`, "S: {9}", "S: keep;", "S:", "S:", "S: OK",
		"C: GETSCRIPT {4+}", "C: Köl", `S: "quoted \"it\""`, `S: OK "Done"`,
		`C: GETSCRIPT "empty"`, `S: ""`, "S: ok",
		`C: GETSCRIPT "none"`, "S: {0}", "S:", "S: OK (TAG {2}", `S: ()) "Done"`,
		"C: CHECKSCRIPT {7+}", "C: keep;", "C:", `S: OK (WARNINGS) "line 1: (never mind)"`,
		"C: LOGOUT", "S: OK",
	}, func(t *testing.T, s *Sieve) {
		scripts, err := s.Scripts(soon(t))
		want := []SieveScriptName{{Name: "rules", Active: true}, {Name: "Köl"}, {Name: `a "b\ {3}`, Active: true}, {Name: "OK"}}
		if diff := cmp.Diff(want, scripts); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		for _, script := range []struct{ name, source string }{
			{"rules", "keep;\r\n\r\n"}, {"Köl", `quoted "it"`}, {"empty", ""}, {"none", ""},
		} {
			got, err := s.Get(soon(t), script.name)
			if err != nil || got == nil || string(got) != script.source {
				t.Errorf("%s: %q, %v", script.name, got, err)
			}
		}
		if err := s.Check(soon(t), []byte("keep;\r\n")); err != nil {
			t.Error(err)
		}
	})
}

func TestSieveChanges(t *testing.T) {
	withSieve(t, []string{
		`C: PUTSCRIPT "a b" {7+}`, "C: keep;", "C:", "S: OK",
		`C: PUTSCRIPT {3+}`, `C: "q" {0+}`, "C:", "S: OK",
		`C: SETACTIVE "a b"`, "S: OK", `C: SETACTIVE ""`, "S: OK",
		`C: DELETESCRIPT "a b"`, `S: OK "gone"`, "C: LOGOUT", "close",
	}, func(t *testing.T, s *Sieve) {
		if err := errors.Join(
			s.Put(soon(t), "a b", []byte("keep;\r\n")), s.Put(soon(t), `"q"`, nil),
			s.Activate(soon(t), "a b"), s.Activate(soon(t), ""), s.Delete(soon(t), "a b"),
		); err != nil {
			t.Error(err)
		}
		for _, err := range []error{
			s.Put(soon(t), "a\nb", nil), s.Activate(soon(t), "a\x00"), s.Delete(soon(t), "\xff"),
			s.Put(soon(t), "a", make([]byte, lex.MaxLiteral+1)), s.Check(soon(t), make([]byte, lex.MaxLiteral+1)),
		} {
			if err == nil || kindOf(err) != "refused BAD" || !strings.Contains(err.Error(), "not sent: ") {
				t.Errorf("what cannot be sent: %v", err)
			}
		}
	})
}

// sieveEndings is how a conversation may end where an answer is due.
var sieveEndings = map[string][]string{
	"no":      {`S: NO (QUOTA/MAXSIZE) "too big"`},
	"bye":     {`S: BYE (TRYLATER) "shutting down"`},
	"fatal":   {"S: NO Fatal error: Internal error: assertion failed {5}", "close"},
	"lost":    {"close"},
	"silent":  {},
	"cut":     {"S~ {100}\r\nhalf", "close"},
	"hang":    {"S~ {100}\r\nhalf"},
	"garbage": {"S: hello"},
	"no end":  {`S: OK (TAG "x`},
	"big":     {"S: {99999999}"},
}

func TestSieveOutcomes(t *testing.T) {
	read := map[string]string{"no": "refused NO", "bye": "refused BYE", "fatal": "refused BYE", "lost": "in doubt", "silent": "in doubt", "cut": "in doubt", "hang": "in doubt", "garbage": "in doubt", "no end": "in doubt", "big": "in doubt"}
	change := map[string]string{"no": "refused NO", "bye": "in doubt", "fatal": "in doubt", "lost": "in doubt", "silent": "in doubt", "cut": "in doubt", "hang": "in doubt", "garbage": "in doubt", "no end": "in doubt", "big": "in doubt"}
	unsent := map[string]string{"no": "unreachable", "bye": "refused BYE", "fatal": "refused BYE", "lost": "unreachable", "cut": "unreachable", "garbage": "unreachable", "no end": "unreachable", "big": "unreachable"}
	put := func(ctx context.Context, s *Sieve) error { return s.Put(ctx, "a", []byte("keep;\r\n")) }
	list := func(ctx context.Context, s *Sieve) error { _, err := s.Scripts(ctx); return err }
	for _, test := range []struct {
		name  string
		act   func(context.Context, *Sieve) error
		until []string
		want  map[string]string
	}{
		{"LISTSCRIPTS", list, []string{"C: LISTSCRIPTS"}, read},
		{"LISTSCRIPTS amid its answer", list, []string{"C: LISTSCRIPTS", `S: "a"`}, read},
		{"GETSCRIPT", func(ctx context.Context, s *Sieve) error { _, err := s.Get(ctx, "a"); return err }, []string{`C: GETSCRIPT "a"`}, read},
		{"CHECKSCRIPT", func(ctx context.Context, s *Sieve) error { return s.Check(ctx, nil) }, []string{"C: CHECKSCRIPT {0+}", "C:"}, read},
		{"PUTSCRIPT", put, []string{`C: PUTSCRIPT "a" {7+}`, "C: keep;", "C:"}, change},
		{"SETACTIVE", func(ctx context.Context, s *Sieve) error { return s.Activate(ctx, "a") }, []string{`C: SETACTIVE "a"`}, change},
		{"DELETESCRIPT", func(ctx context.Context, s *Sieve) error { return s.Delete(ctx, "a") }, []string{`C: DELETESCRIPT "a"`}, change},
		{"before anything is sent", put, nil, unsent},
	} {
		for name, want := range test.want {
			withSieve(t, wiretest.Lines(test.until, sieveEndings[name]), func(t *testing.T, s *Sieve) {
				err := test.act(soon(t), s)
				if got := kindOf(err); got != want {
					t.Errorf("%s, %s: %s, want %s (%v)", test.name, name, got, want, err)
				}
				if (name == "silent" || name == "hang") && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s, %s: the context's end is not in %v", test.name, name, err)
				}
				if name != "no" {
					if again := kindOf(list(soon(t), s)); again != "unreachable" && again != "refused BYE" {
						t.Errorf("%s, %s: the next command: %s", test.name, name, again)
					}
				}
			})
		}
	}
}

func TestSieveRefusals(t *testing.T) {
	for answer, want := range map[string]target.RefusedError{
		`NO (NONEXISTENT) "Script does not exist"`:   {Status: "NO", Code: "NONEXISTENT", Text: "Script does not exist"},
		"NO {22}\r\nline 1: syntax error\r\n":        {Status: "NO", Text: "line 1: syntax error"},
		"NO (ACTIVE) {4}\r\na\r\nb":                  {Status: "NO", Code: "ACTIVE", Text: "a\r\nb"},
		"no":                                         {Status: "NO"},
		`NO (X "a)" {2}` + "\r\n()" + `)`:            {Status: "NO", Code: "X \"a)\" {2}\r\n()"},
		"BYE (REFERRAL \"sieve://imap2\") \"moved\"": {Status: "BYE", Code: `REFERRAL "sieve://imap2"`, Text: "moved"},
		"BYE timed out {9}":                          {Status: "BYE", Text: "timed out {9}"},
	} {
		withSieve(t, []string{`C: GETSCRIPT "a"`, "S: " + answer}, func(t *testing.T, s *Sieve) {
			_, err := s.Get(soon(t), "a")
			want.Command = "GETSCRIPT a"
			var got *target.RefusedError
			if !errors.As(err, &got) || *got != want {
				t.Errorf("%q: got %v", answer, err)
			}
		})
	}
}

// What an answer's lines hold may be nonsense; where each ends is plain all the
// same, so the connection goes on.
func TestSieveAnswersNotUnderstood(t *testing.T) {
	withSieve(t, []string{
		"C: LISTSCRIPTS", `S: "a "b"`, "S: OK", // as Cyrus 3.6.1 lists a name with a quote in it
		"C: LISTSCRIPTS", `S: "a" "b"`, "S: OK",
		`C: GETSCRIPT "a"`, "S: OK",
		`C: GETSCRIPT "a"`, `S: "x" "y"`, "S: OK",
		`C: GETSCRIPT "a"`, "S: {4}", "S: keep;", "S: OK",
		"C: LISTSCRIPTS", "S: OK",
	}, func(t *testing.T, s *Sieve) {
		for range 2 {
			if _, err := s.Scripts(soon(t)); err == nil || !strings.HasPrefix(err.Error(), "LISTSCRIPTS: answer not understood") {
				t.Errorf("got %v", err)
			}
		}
		for range 3 {
			if _, err := s.Get(soon(t), "a"); err == nil || !strings.HasPrefix(err.Error(), "GETSCRIPT a: ") {
				t.Errorf("got %v", err)
			}
		}
		if scripts, err := s.Scripts(soon(t)); err != nil || len(scripts) != 0 {
			t.Errorf("afterwards: %v, %v", scripts, err)
		}
	})
}
