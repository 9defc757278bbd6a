// Package wiretest plays the servers of conversations, line by line, for tests
// of those who speak to servers. It is seen at work by
//
//	go test ./harness/wire ./harness/view
package wiretest

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// Talk plays a server at the other end of the connection that it returns, from
// a conversation of lines:
//
//	S: what the server says     S~ the same, without a line end
//	C: what it must hear        close: it hangs up
//	pause: it neither says nor hears any more
//
// When the conversation is over it says no more, and hears what may come.
func Talk(t testing.TB, conversation ...string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan struct{})
	t.Cleanup(func() { close(done); _ = client.Close() })
	go func() {
		defer func() { _ = server.Close() }()
		in := bufio.NewReader(server)
		for _, line := range conversation {
			if line == "pause" {
				<-done
			}
			if line == "close" || line == "pause" || !turn(t, server, in, line) {
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

func turn(t testing.TB, server net.Conn, in *bufio.Reader, line string) bool {
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

// Lines joins conversations.
func Lines(parts ...[]string) []string {
	var all []string
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}
