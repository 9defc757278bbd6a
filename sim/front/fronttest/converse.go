package fronttest

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/view"
)

// Converse plays the client of a conversation with a sync_server, one after the other
// on connections of its own, and compares what the server says line by line:
//
//	connect     a new connection, on which the administrator logs in
//	greet       a new connection, on which nobody does
//	C: a line of the client     S: a line that the server must say then; "…" ends what counts
//	told        whatever the server tells before it answers is passed over
//	closed      the server must have hung up
//
// Each literal is part of the lines. It returns how many lines were compared.
func Converse(t testing.TB, server view.Dialer, lines []string) (compared int) {
	t.Helper()
	var in *bufio.Reader
	var out io.Writer
	passed := false
	for n, line := range lines {
		kind, text, _ := strings.Cut(line, ": ")
		switch kind {
		case connect, greet:
			in, out = greeted(t, server)
			if kind == connect {
				_, err := out.Write([]byte("AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n"))
				must(t, err)
				if said, err := in.ReadString('\n'); said != "OK Success (no protection)\r\n" {
					t.Fatalf("login: %q, %v", said, err)
				}
			}
		case "C":
			_, err := out.Write([]byte(text + "\r\n"))
			must(t, err)
		case "told":
			passed = true
		case "S":
			said, err := in.ReadString('\n')
			for ; passed && err == nil && strings.HasPrefix(said, "* "); said, err = in.ReadString('\n') {
			}
			passed = false
			if err != nil || !says(strings.TrimRight(said, "\r\n"), text) {
				t.Fatalf("line %d:\n said %q, %v\n want %q", n+1, said, err, text)
			}
			compared++
		case "closed":
			if said, err := in.ReadString('\n'); err == nil {
				t.Fatalf("line %d: the server goes on, with %q", n+1, said)
			}
		default:
			t.Fatalf("line %d is none of a conversation: %q", n+1, line)
		}
	}
	return compared
}

// greeted returns a new connection, after the server's banner.
func greeted(t testing.TB, server view.Dialer) (*bufio.Reader, io.Writer) {
	t.Helper()
	conn, err := server.Dial(t.Context(), view.Sync)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	in := bufio.NewReader(conn)
	for said := ""; !strings.HasPrefix(said, "* OK"); {
		said, err = in.ReadString('\n')
		must(t, err)
	}
	return in, conn
}

// says tells whether a line is the one that is wanted, or begins with it.
func says(said, want string) bool {
	if begin, open := strings.CutSuffix(want, "…"); open {
		return strings.HasPrefix(said, begin)
	}
	return said == want
}
