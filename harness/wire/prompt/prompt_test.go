package prompt_test

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/wire/prompt"
)

// Whatever the connection is, what is said over it arrives whole, and its end as well.
func TestWhatIsReadIsWhatWasSent(t *testing.T) {
	said := bytes.Repeat([]byte("* 1 FETCH (UID 1)\r\n"), 10_000)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	overTCP, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	for name, line := range map[string]struct{ speaks, hears net.Conn }{"TCP": {accepted, overTCP}, "another": {theirs, ours}} {
		go func() {
			_, _ = line.speaks.Write(said) // what has not come is seen below
			_ = line.speaks.Close()
		}()
		conn := prompt.Conn(line.hears)
		heard, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(heard, said) {
			t.Errorf("%s: %d bytes of %d: %v", name, len(heard), len(said), err)
		}
		if err := conn.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
