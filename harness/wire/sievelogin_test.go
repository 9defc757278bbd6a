package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// A server may state its capabilities anew after a login, and its OK to that
// is the answer to no command.
func TestSieveCapabilities(t *testing.T) {
	anew := []string{`S: "IMPLEMENTATION" "x"`, `S: "owner" "alice"`, `S: OK "TLS"`}
	put := []string{`C: PUTSCRIPT "a" {0+}`, "C:"}
	for name, conversation := range map[string][]string{
		"after the login": wiretest.Lines(anew, put, []string{"S: NO no"}),
		"late":            wiretest.Lines(put, anew, []string{"S: NO no"}),
	} {
		withSieve(t, conversation, func(t *testing.T, s *Sieve) {
			want := "fileinto vacation"
			if name == "after the login" {
				want = ""
			}
			if got := s.Capabilities(); got["SIEVE"] != want || got["IMPLEMENTATION"] == "" {
				t.Errorf("%s: at first: %v", name, got)
			}
			if got := kindOf(s.Put(soon(t), "a", nil)); got != "refused NO" {
				t.Errorf("%s: PUTSCRIPT: %s", name, got)
			}
			if got := s.Capabilities(); len(got) != 2 || got["OWNER"] != "alice" {
				t.Errorf("%s: at last: %v", name, got)
			}
		})
	}
}

func TestSieveLoginOutcomes(t *testing.T) {
	for phase, until := range map[string][]string{"greeting": nil, "amid the greeting": sieveCaps, "login": sieveHello[:len(sieveHello)-1]} {
		for name, want := range map[string]string{
			"no": "refused NO", "bye": "refused BYE", "fatal": "refused BYE", "lost": "unreachable", "silent": "unreachable",
			"cut": "unreachable", "hang": "unreachable", "garbage": "unreachable", "no end": "unreachable", "big": "unreachable",
		} {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := NewSieve(soon(t), wiretest.Talk(t, wiretest.Lines(until, sieveEndings[name])...), testPeer, testLogin)
				if got := kindOf(err); got != want {
					t.Errorf("%s, %s: %s, want %s (%v)", phase, name, got, want, err)
				}
				if (name == "silent" || name == "hang") && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s, %s: the context's end is not in %v", phase, name, err)
				}
				if waited := time.Since(began); waited > time.Minute+2*farewell {
					t.Errorf("%s, %s: waited %v of the minute it had", phase, name, waited)
				}
			})
		}
	}
}

// A script of which the server has not heard the end is not stored, whatever
// ended it.
func TestPutCutOffBeforeItsEnd(t *testing.T) {
	for _, end := range []string{"close", "pause"} {
		withSieve(t, []string{`C: PUTSCRIPT "a" {307200+}`, end}, func(t *testing.T, s *Sieve) {
			err := s.Put(soon(t), "a", make([]byte, 300<<10))
			if got := kindOf(err); got != "unreachable" || end == "pause" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %s (%v)", end, got, err)
			}
		})
	}
}

// LOGOUT is heard also by a server that let a call wait too long, or that
// refused the login.
func TestSieveAlwaysSaysLogout(t *testing.T) {
	for name, conversation := range map[string][]string{
		"silent":  wiretest.Lines(sieveHello, []string{"C: LISTSCRIPTS"}),
		"refused": wiretest.Lines(sieveHello[:len(sieveHello)-1], []string{"S: NO no"}),
	} {
		synctest.Test(t, func(t *testing.T) {
			conn := &recorded{Conn: wiretest.Talk(t, conversation...)}
			s, err := NewSieve(t.Context(), conn, testPeer, testLogin)
			if err == nil {
				_, err = s.Scripts(soon(t))
				_ = s.Close()
			}
			if err == nil || !bytes.HasSuffix(conn.sent, []byte("\r\nLOGOUT\r\n")) {
				t.Errorf("%s: %v after sending %q", name, err, conn.sent)
			}
		})
	}
}

// recorded is a connection that keeps what was sent.
type recorded struct {
	net.Conn
	sent []byte
}

func (r *recorded) Write(b []byte) (int, error) {
	n, err := r.Conn.Write(b)
	r.sent = append(r.sent, b[:n]...)
	return n, err
}

func FuzzSieveAnswer(f *testing.F) {
	for _, stream := range []string{
		"\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"\"\r\nOK\r\n", "\"a\" ACTIVE\r\n{3}\r\na\r\n\r\nOK \"Done\"\r\n",
		"NO (NONEXISTENT) \"no\"\r\n", "NO {22}\r\nline 1: syntax error\r\n\r\n", "OK (TAG {1}\r\nx) \"Done\"\r\n",
		"BYE (REFERRAL \"sieve://h\")\r\n", "NO Fatal error: x {5}\r\n", "{99999999}\r\n", "\"\\\"\r\nOK (\r\n", "\n",
	} {
		f.Add([]byte(stream))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bufio.NewReader(bytes.NewReader(stream))
		for {
			a, err := readSieveAnswer(in)
			if err != nil {
				return
			}
			if a.status != "OK" && a.status != "NO" && a.status != "BYE" {
				t.Fatalf("an answer with status %q", a.status)
			}
			if _, stated := a.capabilities(); stated && a.status != "OK" {
				t.Fatal("capabilities in a refusal")
			}
			for _, line := range a.lines {
				if values, _, err := readSieveLine(line); err == nil && len(values) == 0 {
					t.Fatalf("a line of data without any: %q", line)
				}
			}
		}
	})
}
