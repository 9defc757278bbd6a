package wire

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Append stores messages in one command (MULTIAPPEND), and returns the
// UIDVALIDITY and their UIDs. Where the server says OK and not which UIDs, the
// messages are there, but the error can but leave that in doubt.
func (c *IMAP) Append(ctx context.Context, mailbox string, messages []target.AppendMessage) (uint32, []uint32, error) {
	cmd := command{
		name:    "APPEND " + mailbox,
		parts:   []part{{text: "APPEND " + quote(mailboxname.EncodeUTF7(mailbox))}},
		changes: true,
	}
	for _, message := range messages {
		parts, err := c.appended(message)
		if err != nil {
			return 0, nil, &target.RefusedError{Command: cmd.name, Status: "BAD", Text: "not sent: " + err.Error()}
		}
		cmd.parts = append(cmd.parts, parts...)
	}
	response, err := c.run(ctx, cmd)
	if err != nil {
		return 0, nil, err
	}
	uidValidity, uids, err := readAppendUID(response.Code, len(messages))
	if err != nil {
		return 0, nil, fmt.Errorf("%s: OK, but %w", cmd.name, err)
	}
	return uidValidity, uids, nil
}

// appended returns one message of an APPEND: flags and date, its size, and the
// message itself, which waits for leave unless the server needs no asking.
func (c *IMAP) appended(message target.AppendMessage) ([]part, error) {
	text := " "
	if len(message.Flags) > 0 {
		for _, flag := range message.Flags {
			if !lex.IsAtom(strings.TrimPrefix(flag, `\`)) {
				return nil, fmt.Errorf("%q cannot be a flag", flag)
			}
		}
		text += "(" + strings.Join(message.Flags, " ") + ") "
	}
	if !message.InternalDate.IsZero() {
		text += `"` + message.InternalDate.Format(internalDate) + `" `
	}
	if c.Has("LITERAL+") {
		return []part{{text: fmt.Sprintf("%s{%d+}\r\n", text, len(message.Body)), body: message.Body}}, nil
	}
	return []part{{text: fmt.Sprintf("%s{%d}\r\n", text, len(message.Body))}, {body: message.Body, waits: true}}, nil
}

func readAppendUID(code string, count int) (uint32, []uint32, error) {
	fields := strings.Fields(code)
	if len(fields) != 3 || fields[0] != "APPENDUID" {
		return 0, nil, fmt.Errorf("no APPENDUID")
	}
	uidValidity, err := strconv.ParseUint(fields[1], 10, 32)
	if err != nil {
		return 0, nil, fmt.Errorf("APPENDUID has no UIDVALIDITY: %.30q", fields[1])
	}
	uids, err := parseUIDSet(fields[2], count)
	return uint32(uidValidity), uids, err
}

// Expunge removes messages for good. It is refused when the server says no to
// the removal itself or to what comes before it; the messages may then carry
// \Deleted, and are there.
func (c *IMAP) Expunge(ctx context.Context, mailbox string, uids []uint32) error {
	if _, err := c.run(ctx, selecting("SELECT", mailbox)); err != nil {
		return c.peer.notConnected(err) // nothing that changes anything was sent
	}
	for i, set := range UIDSets(uids) {
		err := c.expunge(ctx, set)
		if err != nil && i > 0 {
			return doubtful{fmt.Errorf("expunging in parts, of which the first %d are done: %w", i, err)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *IMAP) expunge(ctx context.Context, set string) error {
	_, err := c.run(ctx, command{
		name:    "UID STORE",
		parts:   []part{{text: "UID STORE " + set + ` +FLAGS.SILENT (\Deleted)`}},
		changes: true,
	})
	if err != nil {
		return err
	}
	_, err = c.run(ctx, command{
		name:    "UID EXPUNGE",
		parts:   []part{{text: "UID EXPUNGE " + set}},
		changes: true,
	})
	var refused *target.RefusedError
	if err == nil || errors.As(err, &refused) && refused.Status != "BYE" {
		return err
	}
	// Not even an unsent command is a clean no here: \Deleted has been set.
	return doubtful{fmt.Errorf("marked as deleted; then: %w", err)}
}
