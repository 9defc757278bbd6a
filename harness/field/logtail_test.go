package field

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatWasLoggedSince(t *testing.T) {
	h, folder := fakeMachine(t, "")
	h.paths.Syslog = filepath.Join(folder, "mail.log")
	put := func(flags int, text string) {
		t.Helper()
		f, err := os.OpenFile(h.paths.Syslog, flags|os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var mark LogMark
	look := func(what, want string) {
		t.Helper()
		said, now, err := h.loggedSince(t.Context(), mark)
		if err != nil {
			t.Fatal(err)
		}
		if string(said) != want {
			t.Errorf("%s: %.100q (%d bytes), want %.100q", what, said, len(said), want)
		}
		mark = now
	}
	put(os.O_APPEND, "old\n")
	look("the first look", "")
	look("nothing new", "")
	put(os.O_APPEND, "one\ntwo\n")
	look("two lines", "one\ntwo\n")
	put(os.O_TRUNC, "a\n")
	look("cut short", "a\n")
	if err := os.Rename(h.paths.Syslog, h.paths.Syslog+".1"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.loggedSince(t.Context(), mark); err == nil {
		t.Error("a log that is not there is read")
	}
	put(os.O_APPEND, "another, and longer\n")
	look("put aside", "another, and longer\n")
	put(os.O_APPEND, strings.Repeat("x", mostLogged)+"the end\n")
	look("a flood", strings.Repeat("x", mostLogged-len("the end\n"))+"the end\n")
	put(os.O_APPEND, "then\n")
	look("after the flood", "then\n")
}
