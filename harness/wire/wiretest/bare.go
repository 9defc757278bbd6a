package wiretest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Bare is a client that looks for nothing in an answer but its end: what it takes is
// what server and network take, whoever asks. Benchmarks run it beside a real one.
type Bare struct {
	in   *bufio.Reader
	conn net.Conn
	tag  string // before each command
	end  []byte // of each answer
	// Received is how many bytes came.
	Received int64
}

// BareIMAP logs in to imapd as the account, by the administrator's leave.
func BareIMAP(conn net.Conn, admin, password, account string) (*Bare, error) {
	b := &Bare{in: bufio.NewReaderSize(conn, 64<<10), conn: conn, tag: "a ", end: []byte("a OK")}
	return b, b.Ask("AUTHENTICATE PLAIN " + plain(account, admin, password))
}

// BareSync logs in to sync_server as its administrator.
func BareSync(conn net.Conn, admin, password string) (*Bare, error) {
	b := &Bare{in: bufio.NewReaderSize(conn, 64<<10), conn: conn, end: []byte("OK")}
	for greeting := ""; !strings.HasPrefix(greeting, "* OK"); { // capabilities come first
		var err error
		if greeting, err = b.in.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	return b, b.Ask("AUTHENTICATE PLAIN " + plain("", admin, password))
}

func plain(account, admin, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(account + "\x00" + admin + "\x00" + password))
}

// Ask sends commands, one when the answer to the one before has come.
func (b *Bare) Ask(commands ...string) error {
	for _, command := range commands {
		if _, err := fmt.Fprintf(b.conn, "%s%s\r\n", b.tag, command); err != nil {
			return err
		}
		if err := b.answer(command); err != nil {
			return err
		}
	}
	return nil
}

// Append writes messages into a mailbox in one command, without asking leave for each
// (MULTIAPPEND and LITERAL+).
func (b *Bare) Append(mailbox string, messages []target.AppendMessage) error {
	out := bufio.NewWriterSize(b.conn, 64<<10)
	fmt.Fprintf(out, "%sAPPEND %s", b.tag, mailbox)
	for _, m := range messages {
		fmt.Fprintf(out, " (%s) \"%s\" {%d+}\r\n", strings.Join(m.Flags, " "), m.InternalDate.Format("_2-Jan-2006 15:04:05 -0700"), len(m.Body))
		_, _ = out.Write(m.Body) // the last error is kept until the flush
	}
	fmt.Fprint(out, "\r\n")
	if err := out.Flush(); err != nil {
		return err
	}
	return b.answer("APPEND")
}

// answer passes over lines, of which a long one comes in pieces.
func (b *Bare) answer(command string) error {
	for begins := true; ; {
		line, err := b.in.ReadSlice('\n')
		b.Received += int64(len(line))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		switch {
		case !begins:
		case bytes.HasPrefix(line, b.end):
			return nil
		case bytes.HasPrefix(line, []byte(b.tag+"NO")), bytes.HasPrefix(line, []byte(b.tag+"BAD")):
			return fmt.Errorf("%s: %s", command, line)
		}
		begins = err == nil
	}
}
