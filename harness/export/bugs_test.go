package export_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// On a Cyrus with the bug the script of each plan that shows one ends with 1, and on a
// Cyrus without it with 0.
func TestBugsAreShownByTheirScripts(t *testing.T) {
	for name, says := range map[string]string{
		"create-on-read-only-disk": "assertion failed",
		"scripts-before-inbox":     "path:/usr/lib/cyrus/bin/sync_server",
	} {
		for suite, status := range map[string]int{"trixie": 1, "bookworm": 0} {
			t.Run(name+" on "+suite, func(t *testing.T) {
				cyrustest.NeedSuite(t, suite)
				p := stock(t, name)
				spec := drill.Spec(p)
				spec.Suite = suite
				pair := cyrustest.Pair(t, spec)
				said, ended := tool(t, append(surroundings(t, pair), hooks(t, pair, p.Accounts)...), "bash", exported(t, p, "sh"))
				if ended != status || strings.Contains(said, "BROKEN crashes") != (status == 1) || status == 1 && !strings.Contains(said, says) {
					t.Errorf("status %d, want %d:\n%s", ended, status, said)
				}
			})
		}
	}
}

// hooks carry out what the script leaves to whoever has the servers: what takes another
// configuration is done by the pair's operator, whom a command asks over a socket.
func hooks(t *testing.T, pair target.Pair, accounts []string) []string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go answerHooks(t, listener, pair, accounts)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "hook")
	ask := fmt.Sprintf("#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/%s; echo $1 >&3; read -r said <&3; echo $said; [ \"$said\" = done ]\n", port)
	if err := os.WriteFile(file, []byte(ask), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{"PROMOTE2=" + file + " promote", "EMPTY1=" + file + " empty", "MASTER2=true"}
}

func answerHooks(t *testing.T, listener net.Listener, pair target.Pair, accounts []string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		asked, _ := bufio.NewReader(connection).ReadString('\n') // what is cut off is no known word
		switch strings.TrimSpace(asked) {
		case "promote":
			err = pair.Operator().Promote(t.Context(), target.Imap2)
		case "empty":
			// Both servers get their new configuration at once.
			if err = pair.Operator().Rescue(t.Context(), target.Imap1); err == nil {
				err = pair.Operator().Resync(t.Context(), target.Imap1, accounts)
			}
		}
		said := "done"
		if err != nil {
			said = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Fprintln(connection, said)
		_ = connection.Close() // the answer is out, or nobody waits for it
	}
}
