package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// otherNames opens a door before a server's IMAP behind which mailboxes have other names:
// NAMESPACE is answered by a line of its own. It returns its address.
func otherNames(t *testing.T, l *fieldtest.Lab, server target.ServerName, namespace string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	attend := func(conn net.Conn) {
		defer func() { _ = conn.Close() }()
		inside, err := net.Dial("tcp", l.Address(server, front.ServiceIMAP))
		if err != nil {
			return
		}
		defer func() { _ = inside.Close() }()
		go func() { _, _ = io.Copy(inside, conn) }()
		for said := bufio.NewReader(inside); ; {
			line, err := said.ReadString('\n')
			if strings.HasPrefix(line, "* NAMESPACE ") {
				line = "* NAMESPACE " + namespace + "\r\n"
			}
			if _, broken := io.WriteString(conn, line); err != nil || broken != nil {
				return
			}
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go attend(conn)
		}
	}()
	return listener.Addr().String()
}

// Servers that show mailboxes under other names are refused, by one line that says what
// mends it.
func TestServersWithOtherNamesAreRefused(t *testing.T) {
	for _, tc := range []struct{ name, namespace, want string }{
		{"altnamespace: yes", `(("" "/")) (("Other Users/" "/")) (("Shared Folders/" "/"))`, `imap2 shows its users mailboxes below "", parted by "/"`},
		{"unixhierarchysep: no", `(("INBOX." ".")) (("user." ".")) (("" "."))`, `imap2 shows its users mailboxes below "INBOX.", parted by "."`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := fieldtest.Open(t, "alice")
			l.Incident(t, nil, "alice")
			door := []string{l.Address(target.Imap2, front.ServiceIMAP), otherNames(t, l, target.Imap2, tc.namespace)}
			before := l.Data(t)
			want := tc.want + `: cyrdrill reads those below "INBOX/" alone; to mend it: give the address of an imapd that runs with altnamespace: no and unixhierarchysep: yes (imapd -C, in cyrus.conf)` + "\n"
			for what, got := range map[string]comparison{
				"compare": compareBy(t, l.File(t, door...)),
				"restore": restoreBy(t, l.File(t, append(fieldtest.Apart(), door...)...), "--apply", "--replication-is-off"),
			} {
				if got.status != statusSetup || got.out != "" || !strings.HasSuffix(got.err, want) || strings.Count(got.err, "\n") != 1 {
					t.Errorf("%s: %+v, want %q", what, got, want)
				}
			}
			if diff := cmp.Diff(before, l.Data(t)); diff != "" {
				t.Errorf("something was touched:\n%s", diff)
			}
		})
	}
}
