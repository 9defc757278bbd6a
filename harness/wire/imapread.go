package wire

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// internalDate is the format of INTERNALDATE, in FETCH and APPEND.
const internalDate = "_2-Jan-2006 15:04:05 -0700"

// Message is what [IMAP.Records] tells of one message.
type Message struct {
	UID          uint32
	Flags        []string // as the server gives them
	InternalDate time.Time
	Size         uint32
	ModSeq       uint64
	SHA1         string // DIGEST.SHA1: the digest that the index has
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func selecting(verb, mailbox string) command {
	return command{
		name:  verb + " " + mailbox,
		parts: []part{{text: verb + " " + quote(mailboxname.EncodeUTF7(mailbox))}},
	}
}

// fetching makes a FETCH, whose answers go to each: those about a message that
// have the UID and an item so named. Others are the server's own accord.
func fetching(set, items, item string, each func(uid uint32, items Items, asked Value) error) command {
	return command{
		name:  "UID FETCH",
		parts: []part{{text: "UID FETCH " + set + " (" + items + ")"}},
		each: func(response *Response) error {
			if response.Name != "FETCH" {
				return nil
			}
			got, err := response.Fetched()
			if err != nil {
				return err
			}
			asked, ok := got.Named(item)
			if !ok {
				return nil
			}
			told, _ := got.Named("UID")
			uid, err := numberOf(told, 32)
			if err != nil {
				return fmt.Errorf("UID of message %d: %w", response.Number, err)
			}
			return each(uint32(uid), got, asked)
		},
	}
}

// Records reads all messages of the mailbox, without their bodies, in the
// order of their UIDs.
func (c *IMAP) Records(ctx context.Context, mailbox string) ([]Message, error) {
	return c.RecordsOf(ctx, mailbox, nil)
}

// RecordsOf is [IMAP.Records] of those messages that are in uids (nil: all).
func (c *IMAP) RecordsOf(ctx context.Context, mailbox string, uids []uint32) ([]Message, error) {
	var messages []Message
	commands := []command{selecting("EXAMINE", mailbox)}
	for _, set := range UIDSets(uids) {
		commands = append(commands, fetching(set, "UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1", "DIGEST.SHA1",
			func(uid uint32, items Items, _ Value) error {
				message, err := readMessage(uid, items)
				messages = append(messages, message)
				return err
			}))
	}
	_, err := c.run(ctx, commands...)
	return messages, err
}

// Open opens a mailbox, and lists its messages by their UIDs: for each Cyrus reads the
// record as it does for [IMAP.Records], and has a fifth as much to say.
func (c *IMAP) Open(ctx context.Context, mailbox string) error {
	_, err := c.run(ctx, selecting("EXAMINE", mailbox), fetching("1:*", "UID", "UID", func(uint32, Items, Value) error { return nil }))
	return err
}

func readMessage(uid uint32, items Items) (Message, error) {
	named := func(name string) Value {
		value, _ := items.Named(name)
		return value
	}
	m := Message{UID: uid, SHA1: strings.ToLower(string(named("DIGEST.SHA1").Text))}
	for _, flag := range named("FLAGS").List {
		m.Flags = append(m.Flags, string(flag.Text))
	}
	fail := func(item string, err error) (Message, error) {
		return Message{}, fmt.Errorf("%s of UID %d: %w", item, uid, err)
	}
	size, err := numberOf(named("RFC822.SIZE"), 32)
	if err != nil {
		return fail("RFC822.SIZE", err)
	}
	m.Size = uint32(size)
	if list := named("MODSEQ").List; len(list) != 1 {
		return fail("MODSEQ", fmt.Errorf("no number"))
	} else if m.ModSeq, err = numberOf(list[0], 64); err != nil {
		return fail("MODSEQ", err)
	}
	if m.InternalDate, err = time.Parse(internalDate, string(named("INTERNALDATE").Text)); err != nil {
		return fail("INTERNALDATE", err)
	}
	m.InternalDate = m.InternalDate.UTC()
	return m, nil
}

func numberOf(value Value, bits int) (uint64, error) {
	number, err := strconv.ParseUint(string(value.Text), 10, bits)
	if err != nil {
		return 0, fmt.Errorf("no number: %.30q", value.Text)
	}
	return number, nil
}

// CreatedModSeqs returns the modseqs at which messages came into the mailbox, by UID
// (CREATEDMODSEQ, which is Cyrus's own). A server that does not know it refuses.
func (c *IMAP) CreatedModSeqs(ctx context.Context, mailbox string, uids []uint32) (map[uint32]uint64, error) {
	created := map[uint32]uint64{}
	commands := []command{selecting("EXAMINE", mailbox)}
	for _, set := range UIDSets(uids) {
		commands = append(commands, fetching(set, "UID CREATEDMODSEQ", "CREATEDMODSEQ", func(uid uint32, _ Items, told Value) error {
			if len(told.List) != 1 {
				return fmt.Errorf("CREATEDMODSEQ of UID %d: no number", uid)
			}
			modSeq, err := numberOf(told.List[0], 64)
			created[uid] = modSeq
			return err
		}))
	}
	_, err := c.run(ctx, commands...)
	return created, err
}

// Headers calls each with one header field, name and line end included, of
// every message of the mailbox that is in uids (nil: all) and can be read.
func (c *IMAP) Headers(ctx context.Context, mailbox, field string, uids []uint32, each func(uid uint32, header []byte) error) error {
	if !lex.IsAtom(field) {
		return &target.RefusedError{Command: "UID FETCH", Status: "BAD", Text: fmt.Sprintf("not sent: %q cannot be a header field", field)}
	}
	commands := []command{selecting("EXAMINE", mailbox)}
	for _, set := range UIDSets(uids) {
		commands = append(commands, fetching(set, "UID BODY.PEEK[HEADER.FIELDS ("+field+")]", "BODY[HEADER.FIELDS",
			func(uid uint32, _ Items, header Value) error { return each(uid, header.Text) }))
	}
	_, err := c.run(ctx, commands...)
	return err
}

// Bodies calls each with every message of the mailbox that is in uids (nil:
// all), in order of UID. A message that the server lists and then does not
// give, as it does when the file is gone, is passed as nil.
func (c *IMAP) Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uid uint32, body []byte) error) error {
	listed := &awaited{each: each}
	commands := []command{selecting("EXAMINE", mailbox)}
	for _, set := range UIDSets(uids) {
		commands = append(commands,
			fetching(set, "UID", "UID", func(uid uint32, _ Items, _ Value) error {
				listed.uids = append(listed.uids, uid)
				return nil
			}),
			fetching(set, "UID BODY.PEEK[]", "BODY[]", func(uid uint32, _ Items, body Value) error {
				return listed.came(uid, body.Text)
			}))
	}
	if _, err := c.run(ctx, commands...); err != nil {
		return err
	}
	return listed.skipTo(0, true)
}

// awaited are messages that the server has listed, and has not yet given.
type awaited struct {
	uids []uint32
	each func(uid uint32, body []byte) error
}

func (a *awaited) came(uid uint32, body []byte) error {
	if err := a.skipTo(uid, false); err != nil {
		return err
	}
	if len(a.uids) == 0 || a.uids[0] != uid {
		return nil // it came into being after the listing, or is a repetition
	}
	a.uids = a.uids[1:]
	return a.each(uid, body)
}

// skipTo passes over the messages before uid, or all, as not to be had.
func (a *awaited) skipTo(uid uint32, all bool) error {
	for len(a.uids) > 0 && (all || a.uids[0] < uid) {
		missing := a.uids[0]
		a.uids = a.uids[1:]
		if err := a.each(missing, nil); err != nil {
			return err
		}
	}
	return nil
}
