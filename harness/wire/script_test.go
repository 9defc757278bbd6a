package wire

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	testPeer  = Peer{Server: target.Imap1, Service: "imap"}
	testLogin = Login{Admin: "admin", Password: "secret", Account: "alice"}
)

// talk plays a server at the other end of the connection that it returns, from
// a conversation of lines:
//
//	S: what the server says     S~ the same, without a line end
//	C: what it must hear        close: it hangs up
//
// When the conversation is over it says no more, and hears what may come.
func talk(t *testing.T, conversation ...string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	go func() {
		defer func() { _ = server.Close() }()
		in := bufio.NewReader(server)
		for _, line := range conversation {
			if line == "close" || !turn(t, server, in, line) {
				return
			}
		}
		for {
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
		}
	}()
	return client
}

func turn(t *testing.T, server net.Conn, in *bufio.Reader, line string) bool {
	who, text := line[:2], strings.TrimPrefix(line[2:], " ")
	if who == "C:" {
		heard, err := in.ReadString('\n')
		if err == nil && strings.TrimRight(heard, "\r\n") != text {
			t.Errorf("server heard %q, expected %q", heard, text)
		}
		return err == nil
	}
	if who == "S:" {
		text += "\r\n"
	}
	_, err := server.Write([]byte(text))
	return err == nil
}

// lines joins conversations.
func lines(parts ...[]string) []string {
	var all []string
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

var imapHello = []string{
	"S: * OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE AUTH=PLAIN SASL-IR] imap1 Cyrus IMAP 3.6.1-Debian-3.6.1-4+deb12u5 server ready",
	"C: c1 AUTHENTICATE PLAIN",
	"S: + ",
	"C: YWxpY2UAYWRtaW4Ac2VjcmV0",
	"S: c1 OK [CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS DIGEST=SHA1] Success (no protection) SESSIONID=<cyrus-1>",
}

var imapGoodbye = []string{"S: * BYE LOGOUT received"}

// withIMAP runs test on a connection that has logged in and meets the rest of
// the conversation, in virtual time.
func withIMAP(t *testing.T, conversation []string, test func(t *testing.T, c *IMAP)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := NewIMAP(t.Context(), talk(t, lines(imapHello, conversation)...), testPeer, testLogin)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // so that what the server says unasked has been heard
		test(t, c)
		_ = c.Close()
	})
}

// soon is a context that ends, in virtual time, long after every answer.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
