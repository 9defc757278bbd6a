package wire

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// SetFlags adds flags and keywords to messages, and then removes others, each
// by one UID STORE (RFC 9051, section 6.4.6). It changes nothing of messages
// that are not there.
func (c *IMAP) SetFlags(ctx context.Context, mailbox string, uids []uint32, add, remove []string) error {
	var changes []string
	for i, flags := range [][]string{add, remove} {
		if len(flags) == 0 {
			continue
		}
		for _, flag := range flags {
			if !lex.IsAtom(strings.TrimPrefix(flag, `\`)) {
				return &target.RefusedError{Command: "UID STORE", Status: "BAD", Text: fmt.Sprintf("not sent: %q cannot be a flag", flag)}
			}
		}
		changes = append(changes, "+-"[i:i+1]+"FLAGS.SILENT ("+strings.Join(flags, " ")+")")
	}
	var acts []changeOf
	for _, change := range changes {
		acts = append(acts, func(ctx context.Context, set string) error { return c.change(ctx, "UID STORE "+set+" "+change) })
	}
	return c.changeMessages(ctx, mailbox, uids, acts...)
}

// Copy copies messages into another mailbox (RFC 9051, section 6.4.7).
func (c *IMAP) Copy(ctx context.Context, mailbox string, uids []uint32, to string) error {
	return c.transfer(ctx, "UID COPY", mailbox, uids, to)
}

// Move moves messages into another mailbox (RFC 6851).
func (c *IMAP) Move(ctx context.Context, mailbox string, uids []uint32, to string) error {
	return c.transfer(ctx, "UID MOVE", mailbox, uids, to)
}

// transfer copies or moves messages. Where the server says OK and names none that it has
// copied, that is a [target.UntoldCopyError].
func (c *IMAP) transfer(ctx context.Context, verb, mailbox string, uids []uint32, to string) error {
	return c.changeMessages(ctx, mailbox, uids, func(ctx context.Context, set string) error {
		told := false
		hear := func(response *Response) error {
			told = told || strings.HasPrefix(response.Code, "COPYUID ")
			return nil
		}
		text := verb + " " + set + " " + quote(mailboxname.EncodeUTF7(to))
		answer, err := c.run(ctx, command{name: verb, parts: []part{{text: text}}, changes: true, each: hear})
		if err != nil {
			return err
		}
		if _ = hear(answer); !told {
			return &target.UntoldCopyError{Command: verb}
		}
		return nil
	})
}

// changeOf sends one command about a set of messages.
type changeOf func(ctx context.Context, set string) error

// changeMessages selects the mailbox and makes the changes of each set of
// messages. Once one of them has been done, an error of a later one leaves the
// whole in doubt.
func (c *IMAP) changeMessages(ctx context.Context, mailbox string, uids []uint32, changes ...changeOf) error {
	if len(uids) == 0 {
		return nil // nil is no message here, and would be every one in a set
	}
	if _, err := c.run(ctx, selecting("SELECT", mailbox)); err != nil {
		return c.peer.notConnected(err) // nothing that changes anything was sent
	}
	done := 0
	for _, set := range UIDSets(uids) {
		for _, change := range changes {
			err := change(ctx, set)
			if err != nil && done > 0 {
				return doubtful{fmt.Errorf("in parts, of which the first %d are done: %w", done, err)}
			}
			if err != nil {
				return err
			}
			done++
		}
	}
	return nil
}

// change sends one command that changes something. Its first two words are
// its name.
func (c *IMAP) change(ctx context.Context, text string) error {
	words := strings.SplitN(text, " ", 3)
	_, err := c.run(ctx, command{name: strings.Join(words[:2], " "), parts: []part{{text: text}}, changes: true})
	return err
}
