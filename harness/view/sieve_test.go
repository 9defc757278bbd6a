package view

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// sieveTalk is a conversation with timsieved, after alice's login.
func sieveTalk(conversation ...string) []string {
	return wiretest.Lines([]string{
		`S: "IMPLEMENTATION" "Cyrus timsieved 3.6.1"`, `S: "SASL" "PLAIN"`, "S: OK",
		`C: AUTHENTICATE "PLAIN" "` + asAlice + `"`, "S: OK",
	}, conversation)
}

func TestScriptSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := viewOf(t, map[Service][][]string{Sieve: {sieveTalk(
			"C: LISTSCRIPTS", `S: "b"`, `S: "a" ACTIVE`, "S: OK",
			`C: GETSCRIPT "a"`, "S: {7}", "S: keep;", "S:", "S: OK",
			`C: PUTSCRIPT "b" {5+}`, "C: keep;", "S: OK", `C: SETACTIVE "b"`, "S: OK",
			`C: DELETESCRIPT "b"`, `S: NO (ACTIVE) "Active script cannot be deleted"`,
			"C: LOGOUT", `S: OK "Logout Complete"`, "close",
		)}})
		s, err := v.User().Scripts(soon(t), "alice")
		if err != nil {
			t.Fatal(err)
		}
		infos, err := s.List(soon(t))
		if want := []target.ScriptInfo{{Name: "a", Active: true}, {Name: "b"}}; err != nil || !slices.Equal(infos, want) {
			t.Errorf("list: %v, %v", infos, err)
		}
		if source, err := s.Get(soon(t), "a"); err != nil || string(source) != "keep;\r\n" {
			t.Errorf("get: %q, %v", source, err)
		}
		if err := s.Put(soon(t), "b", []byte("keep;")); err != nil {
			t.Errorf("put: %v", err)
		}
		if err := s.Activate(soon(t), "b"); err != nil {
			t.Errorf("activate: %v", err)
		}
		if err := s.Delete(soon(t), "b"); err == nil || err.Error() != "DELETESCRIPT b: refused: NO [ACTIVE] Active script cannot be deleted" {
			t.Errorf("delete: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
}

func TestScriptLoginIsTriedAgain(t *testing.T) {
	no := append(sieveTalk()[:4], `S: NO "Authentication Error"`)
	synctest.Test(t, func(t *testing.T) {
		v := viewOf(t, map[Service][][]string{Sieve: {no, no, sieveTalk("C: LOGOUT", `S: OK "Logout Complete"`, "close")}})
		s, err := v.User().Scripts(soon(t), "alice")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
}

func TestScriptSessionOutcomes(t *testing.T) {
	no := append(sieveTalk()[:4], `S: NO "Authentication Error"`)
	for name, test := range map[string]struct {
		conversations map[Service][][]string
		want          string
	}{
		"nobody there": {nil, "imap1: sieve not reachable: connection refused"},
		"hung":         {map[Service][][]string{Sieve: {{"pause"}}}, "imap1: sieve not reachable: greeting: context deadline exceeded"},
		"refused":      {map[Service][][]string{Sieve: {no, no, no, no}}, "AUTHENTICATE PLAIN: refused: NO Authentication Error"},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := viewOf(t, test.conversations).User().Scripts(soon(t), "alice")
			if err == nil || err.Error() != test.want || target.OutcomeOf(err) != target.Refused {
				t.Errorf("%s:\n got %v\nwant %s", name, err, test.want)
			}
		})
	}
}
