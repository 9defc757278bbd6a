package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// some is a notice as the ledger makes them.
func some() Notice {
	n := Notice{What: Raised, Kind: stopped.Kind, Server: "imap1", At: noon.Add(time.Minute), Since: noon, Count: 1, Findings: []detect.Finding{stopped}}
	n.Findings[0].Evidence = "it said \x00 \"so\"\n$HOME"
	n.put()
	return n
}

func TestCommandIsTold(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TOLD", folder)
	c := Command{`cat >"$TOLD/in" && echo "$CYRDRILL_WHAT $CYRDRILL_KIND $CYRDRILL_SERVER $CYRDRILL_COUNT $CYRDRILL_SINCE $CYRDRILL_TEXT" >"$TOLD/env" && printf %s "$CYRDRILL_NOTICE" >"$TOLD/notice"`}
	if err := c.Tell(t.Context(), some()); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var got Notice
	if err := json.Unmarshal([]byte(read("in")), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(some(), got); diff != "" {
		t.Error(diff)
	}
	if read("in") != read("notice")+"\n" {
		t.Errorf("in the environment is %q", read("notice"))
	}
	const want = "raised replication-stopped imap1 1 2026-12-01T12:00:00Z raised: replication-stopped on imap1, for 1m0s: it said   \"so\" $HOME\n"
	if diff := cmp.Diff(want, read("env")); diff != "" {
		t.Error(diff)
	}
}

func TestCommandThatDoesNotDoItsWork(t *testing.T) {
	for _, test := range []struct {
		name, line, want string // want: the error's beginning; empty: there is none
		within           time.Duration
	}{
		{"it fails", "echo no modem >&2; exit 3", "exit status 3: no modem", 10 * time.Second},
		{"it is not there", "/no/such/pager", "exit status 127: ", 10 * time.Second},
		{"it floods", "head -c 50000000 /dev/zero | tr '\\0' x; exit 1", "exit status 1: xxx", 20 * time.Second},
		{"it hangs", "sleep 60", "context deadline exceeded", 300 * time.Millisecond},
		{"what it has started hangs", "sleep 60 | sleep 60", "context deadline exceeded", 300 * time.Millisecond},
		{"it floods for ever", "yes", "context deadline exceeded", 300 * time.Millisecond},
		{"it does not read", "exec <&-; exit 0", "", 10 * time.Second},
		{"it leaves something behind", "sleep 3 & exit 0", "", 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), test.within)
			defer cancel()
			began := time.Now()
			err := Command{test.line}.Tell(ctx, some())
			if (err == nil) != (test.want == "") || err != nil && (!strings.HasPrefix(err.Error(), test.want) || len(err.Error()) > 500) {
				t.Errorf("got %.600v", err)
			}
			if took := time.Since(began); took > test.within+5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// What a command that hangs has started dies with it: a pager that waits for a dead modem
// must not be there a thousand times in the morning.
func TestCommandThatHangsDiesWithItsChildren(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("this machine has no /proc to look for processes in")
	}
	pids := filepath.Join(t.TempDir(), "pids")
	t.Setenv("PIDS", pids)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := (Command{`sleep 60 & echo $! >>"$PIDS"; (sleep 61 & echo $! >>"$PIDS"; wait); wait`}).Tell(ctx, some()); err == nil {
		t.Fatal("it ended")
	}
	text, err := os.ReadFile(pids)
	if err != nil || strings.Count(string(text), "\n") != 2 {
		t.Fatalf("its children are %q, %v", text, err)
	}
	err = target.WaitUntil(t.Context(), realtime.Time{}, 10*time.Second, "its children to be gone", func(context.Context) (bool, string, error) {
		var alive []string
		for _, pid := range strings.Fields(string(text)) {
			// One that has died and has not been waited for is a zombie, and runs nothing.
			if status, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !strings.Contains(string(status), ") Z ") {
				alive = append(alive, pid)
			}
		}
		return len(alive) == 0, strings.Join(alive, " "), nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWebhookIsTold(t *testing.T) {
	for _, test := range []struct {
		name     string
		answer   http.HandlerFunc
		want     string // the error; empty: there is none
		hopeless bool
	}{
		{"it is told", func(w http.ResponseWriter, r *http.Request) {
			var got Notice
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("it got a %s of %s, %v", r.Method, r.Header.Get("Content-Type"), err)
			}
			if diff := cmp.Diff(some(), got); diff != "" {
				t.Error(diff)
			}
			w.WriteHeader(http.StatusAccepted)
		}, "", false},
		{"it has trouble", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "it answers 500 Internal Server Error", false},
		{"it has too much to do", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, "it answers 429 Too Many Requests", false},
		{"it knows nothing of it", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "it answers 404 Not Found", true},
		{"it sends elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) }, "it answers 302 Found", true},
		{"it hangs", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else nobody sees that the client has gone
			<-r.Context().Done()
		}, "context deadline exceeded", false},
		{"it answers without end", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.answer)
			defer server.Close()
			hook, err := NewWebhook(server.URL + "/secret-token")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			err = hook.Tell(ctx, some())
			got := ""
			if err != nil {
				got = err.Error()
			}
			var hopeless *HopelessError
			if got != test.want || errors.As(err, &hopeless) != test.hopeless {
				t.Errorf("got %v", err)
			}
		})
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	hook, err := NewWebhook(gone.URL + "/secret-token")
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.Tell(t.Context(), some()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody is there: %v", err)
	}
	for _, address := range []string{"", "secret", "ftp://example.org/secret", "http:///secret", "http://a b/secret", "://secret"} {
		if _, err := NewWebhook(address); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
