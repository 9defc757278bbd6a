package front_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// saying is a connection on which lines are said, and read.
type saying struct {
	net.Conn
	in *bufio.Reader
}

func say(t *testing.T, f *front.Fronts, service front.Service) saying {
	t.Helper()
	conn := dial(t, f, target.Imap1, service)
	return saying{conn, bufio.NewReader(conn)}
}

// until reads lines to the first one that begins so.
func (s saying) until(t *testing.T, prefix string) (lines []string) {
	t.Helper()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			t.Fatalf("no line with %q: %v, after %q", prefix, err, lines)
		}
		if lines = append(lines, strings.TrimRight(line, "\r\n")); strings.HasPrefix(line, prefix) {
			return lines
		}
	}
}

func (s saying) line(t *testing.T, text string) {
	t.Helper()
	_, err := fmt.Fprintf(s, "%s\r\n", text)
	noError(t, err)
}

func hang(t *testing.T, f *front.Fronts) {
	t.Helper()
	act(t, f, func(p *sim.Pair) (target.Evidence, error) {
		return p.Saboteur().(target.ServerHanger).Hang(t.Context(), target.Imap1)
	})
}

func unhang(t *testing.T, f *front.Fronts) {
	t.Helper()
	act(t, f, func(p *sim.Pair) (target.Evidence, error) {
		return p.Saboteur().(target.ServerHanger).Unhang(t.Context(), target.Imap1)
	})
}

// A server that hangs answers nothing on connections that were open, not even what
// takes no look at mail.
func TestHungServerLeavesOpenConnectionsWithoutAnswers(t *testing.T) {
	f := open(t, "alice")
	turns := map[front.Service][3]string{
		front.ServiceIMAP:  {"* OK", "a CAPABILITY", "a OK"},
		front.ServiceLMTP:  {"220", "NOOP", "250"},
		front.ServiceSieve: {"OK", "NOOP", "OK"},
	}
	conns := map[front.Service]saying{}
	for service, turn := range turns {
		conns[service] = say(t, f, service)
		conns[service].until(t, turn[0])
	}
	hang(t, f)
	for service, turn := range turns {
		conns[service].line(t, turn[1])
		// Nothing may come, so this can only be a while.
		noError(t, conns[service].SetReadDeadline(time.Now().Add(150*time.Millisecond)))
		if said, err := conns[service].in.ReadByte(); !isTimeout(err) {
			t.Errorf("%s: a hung server says %q, %v", service, said, err)
		}
		noError(t, conns[service].SetReadDeadline(time.Now().Add(soon)))
	}
	unhang(t, f)
	for service, turn := range turns {
		conns[service].until(t, turn[2])
	}
}

// Clients that wait for a server that hangs do not keep the fronts open.
func TestFrontsCloseOverAHungServer(t *testing.T) {
	pair, err := sim.NewPair(t.Context(), target.Spec{Seed: 7, Accounts: []string{"alice"}})
	noError(t, err)
	f, err := front.Open(t.Context(), pair, front.Options{})
	noError(t, err)
	talking := say(t, f, front.ServiceIMAP)
	talking.until(t, "* OK")
	hang(t, f)
	talking.line(t, "a NOOP")
	greetless := say(t, f, front.ServiceSieve)
	noError(t, f.Close())
	for _, conn := range []saying{talking, greetless} {
		if _, err := conn.in.ReadByte(); err == nil || isTimeout(err) {
			t.Errorf("still there: %v", err)
		}
	}
}

// A client that asks for much and reads nothing keeps nobody else from the pair.
func TestSlowReadersHoldNobodyUp(t *testing.T) {
	f := open(t, "alice")
	script := strings.Repeat("# goose\r\n", 3000)
	act(t, f, func(p *sim.Pair) (struct{}, error) {
		session, err := p.Server(target.Imap1).User().Scripts(t.Context(), "alice")
		if err == nil {
			err = session.Put(t.Context(), "long", []byte(script))
		}
		return struct{}{}, err
	})
	slow := dial(t, f, target.Imap1, front.ServiceSieve)
	in := saying{slow, bufio.NewReader(slow)}
	in.until(t, "OK")
	in.line(t, `AUTHENTICATE "PLAIN" "AGFsaWNlAHg="`)
	in.until(t, "OK")
	// More than the kernel holds for a client that does not read.
	asked := make(chan error, 1)
	go func() {
		_, err := io.WriteString(slow, strings.Repeat("GETSCRIPT \"long\"\r\n", 2000))
		asked <- err
	}()
	noError(t, <-asked)
	answered := false
	for range 50 { // while its answers are written, and cannot be
		c := loggedIn(t, f, target.Imap1, "alice", nil)
		answered = c.Noop().Wait() == nil
		noError(t, c.Close())
	}
	if !answered {
		t.Error("others are not answered any more")
	}
}

// What Cyrus says of a mailbox that has gone from under its client (index_check of
// 3.6.1): all is expunged, and the client may stay.
func TestIMAPMailboxThatVanishes(t *testing.T) {
	for name, vanish := range map[string]func(session target.Session) error{
		"deleted": func(s target.Session) error { return s.DeleteMailbox(t.Context(), "INBOX/Work") },
		"renamed": func(s target.Session) error { return s.RenameMailbox(t.Context(), "INBOX/Work", "INBOX/Play") },
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, "alice")
			c := loggedIn(t, f, target.Imap1, "alice", nil)
			noError(t, c.Create("INBOX/Work", nil).Wait())
			appendMail(t, c, "INBOX/Work", "Subject: a\r\n\r\na\r\n")
			appendMail(t, c, "INBOX/Work", "Subject: b\r\n\r\nb\r\n")
			_, err := c.Select("INBOX/Work", nil).Wait()
			noError(t, err)
			act(t, f, func(p *sim.Pair) (struct{}, error) {
				session, err := p.Server(target.Imap1).User().Login(t.Context(), "alice")
				if err == nil {
					err = vanish(session)
				}
				return struct{}{}, err
			})
			noError(t, c.Noop().Wait())
			if got := c.Mailbox().NumMessages; got != 0 {
				t.Errorf("the client counts %d messages", got)
			}
			if got, err := c.Search(&imap.SearchCriteria{}, nil).Wait(); err != nil || len(got.AllSeqNums()) > 0 {
				t.Errorf("SEARCH: %v, %v", got, err)
			}
			_, err = c.Select("INBOX", nil).Wait()
			noError(t, err)
		})
	}
}

func TestIMAPExpungeIsRefusedWhereOneMayOnlyRead(t *testing.T) {
	c := loggedIn(t, open(t, "alice"), target.Imap1, "alice", nil)
	appendMail(t, c, "INBOX", "Subject: a\r\n\r\na\r\n", imap.FlagDeleted)
	_, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	noError(t, err)
	if gone, err := c.Expunge().Collect(); err == nil {
		t.Errorf("EXPUNGE after EXAMINE: %v", gone)
	}
	noError(t, c.UnselectAndExpunge().Wait()) // CLOSE says nothing of it, and does nothing
	if data, err := c.Select("INBOX", nil).Wait(); err != nil || data.NumMessages != 1 {
		t.Errorf("after CLOSE: %+v, %v", data, err)
	}
}

func TestLMTPRefusalsCarryTheirClass(t *testing.T) {
	f := open(t, "alice")
	act(t, f, func(p *sim.Pair) (target.Evidence, error) {
		return p.Saboteur().(target.IndexSaboteur).TruncateIndex(t.Context(), target.Imap1, "alice", "INBOX")
	})
	c := say(t, f, front.ServiceLMTP)
	for _, line := range []string{"LHLO x", "MAIL FROM:<>", "RCPT TO:<nobody>", "RCPT TO:<alice>", "DATA", "Subject: a\r\n\r\na\r\n.", "QUIT"} {
		c.line(t, line)
	}
	said := c.until(t, "221")
	for _, want := range []string{"451 4.3.0 ", "550 5.1.1 "} {
		if !slices.ContainsFunc(said, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("no line with %q in %q", want, said)
		}
	}
}
