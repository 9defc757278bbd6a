package front

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// lmtp speaks LMTP (RFC 2033), without a login, as lmtpd -a does. It is written by
// hand since go-smtp's server takes no recipient without a domain, as Cyrus does.
type lmtp struct{ door *door }

func (lmtp) close() error { return nil }

func (l lmtp) talk(ctx context.Context, c *conn) {
	t := &lmtpTalk{conn: c, ctx: ctx, in: bufio.NewReader(c), out: bufio.NewWriter(c)}
	t.say("220 %s Cyrus LMTP 3.6.1 (simulated) server ready", l.door.server)
	for !t.over && t.out.Flush() == nil {
		t.command()
	}
	_ = t.out.Flush()
}

// lmtpTalk is one conversation.
type lmtpTalk struct {
	*conn
	ctx        context.Context
	in         *bufio.Reader
	out        *bufio.Writer
	sender     bool // MAIL was said
	recipients []string
	over       bool
}

func (t *lmtpTalk) say(format string, args ...any) { fmt.Fprintf(t.out, format+"\r\n", args...) } // Flush tells

func (t *lmtpTalk) reset() { t.sender, t.recipients = false, nil }

// command reads one command and answers it.
func (t *lmtpTalk) command() {
	line, err := readSieveLine(t.in, maxSieveCommand)
	if err != nil {
		t.over = true
		return
	}
	verb, argument, _ := strings.Cut(string(line), " ")
	switch strings.ToUpper(verb) {
	case "LHLO":
		t.reset()
		t.say("250-%s\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n250 SIZE", t.door.server)
	case "MAIL":
		t.reset()
		t.sender = true
		t.say("250 2.1.0 ok")
	case "RCPT":
		t.recipient(argument)
	case "DATA":
		t.data()
	case "RSET":
		t.reset()
		t.say("250 2.0.0 ok")
	case "NOOP":
		t.say("250 2.0.0 ok")
	case "QUIT":
		t.say("221 2.0.0 bye")
		t.over = true
	default:
		t.say("500 5.5.2 Syntax error")
	}
}

func (t *lmtpTalk) recipient(argument string) {
	account, ok := accountIn(argument)
	switch {
	case !t.sender:
		t.say("503 5.5.1 Need MAIL command")
	case !ok:
		t.say("501 5.5.4 Syntax error in parameters")
	case t.answer(t.ask(func(p *sim.Pair) error { return p.Recipient(t.ctx, t.door.server, account) }), "250 2.1.5 ok"):
		t.recipients = append(t.recipients, account)
	}
}

// data takes a message, and answers for each recipient.
func (t *lmtpTalk) data() {
	if len(t.recipients) == 0 {
		t.say("503 5.5.1 No recipients")
		return
	}
	t.say("354 go ahead")
	if t.over = t.out.Flush() != nil; t.over {
		return
	}
	message, err := readDotted(t.in)
	if t.over = err != nil; t.over {
		return
	}
	for _, account := range t.recipients {
		if t.over {
			return
		}
		t.answer(t.ask(func(p *sim.Pair) error {
			return p.Server(t.door.server).User().Deliver(t.ctx, account, message)
		}), "250 2.1.5 Ok")
	}
	t.reset()
}

// answer says what became of a request, and whether that is good. Where the server
// is gone there is nobody to answer.
func (t *lmtpTalk) answer(err error, good string) bool {
	var refused *target.RefusedError
	switch {
	case err == nil:
		t.say("%s", good)
	case errors.As(err, &refused):
		t.say("%s %s", refused.Status, refused.Text)
	default:
		t.over = true
	}
	return err == nil
}

// accountIn returns the account that RCPT's argument means: what stands before a
// detail and a domain.
func accountIn(argument string) (account string, ok bool) {
	_, rest, _ := strings.Cut(argument, "<")
	address, _, ok := strings.Cut(rest, ">")
	local, _, _ := strings.Cut(address, "@")
	account, _, _ = strings.Cut(strings.Trim(local, `"`), "+")
	return account, ok && IsAccount(account) && strings.HasPrefix(strings.ToUpper(argument), "TO:")
}

// readDotted reads a message to the dot that ends it, byte for byte.
func readDotted(in *bufio.Reader) ([]byte, error) {
	var message []byte
	for {
		line, err := in.ReadBytes('\n')
		switch {
		case err != nil:
			return nil, err
		case string(bytes.TrimRight(line, "\r\n")) == ".":
			return message, nil
		}
		message = append(message, bytes.TrimPrefix(line, []byte("."))...)
	}
}
