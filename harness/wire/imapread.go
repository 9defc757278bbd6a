package wire

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
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

// Mailbox is one mailbox in a listing.
type Mailbox struct {
	Name       string // UTF-8
	Attributes []string
	Status     map[string]uint64 // [IMAP.ListStatus] alone; nil where the server gives none
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func selecting(verb, mailbox string) command {
	return command{
		name:  verb + " " + mailbox,
		parts: []part{{text: verb + " " + quote(EncodeMailboxName(mailbox))}},
	}
}

// fetching makes a FETCH, whose answers go to each: those about a message that
// have the UID and the item. Others are the server's own accord.
func fetching(set, items, item string, each func(uid uint32, items map[string]Value) error) command {
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
			if _, asked := got[item]; !asked {
				return nil
			}
			uid, err := numberOf(got["UID"], 32)
			if err != nil {
				return fmt.Errorf("UID of message %d: %w", response.Number, err)
			}
			return each(uint32(uid), got)
		},
	}
}

// Records reads all messages of the mailbox, without their bodies, in the
// order of their UIDs.
func (c *IMAP) Records(ctx context.Context, mailbox string) ([]Message, error) {
	var messages []Message
	_, err := c.run(ctx, selecting("EXAMINE", mailbox),
		fetching("1:*", "UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1", "DIGEST.SHA1",
			func(uid uint32, items map[string]Value) error {
				message, err := readMessage(uid, items)
				messages = append(messages, message)
				return err
			}))
	return messages, err
}

func readMessage(uid uint32, items map[string]Value) (Message, error) {
	m := Message{UID: uid, SHA1: strings.ToLower(string(items["DIGEST.SHA1"].Text))}
	for _, flag := range items["FLAGS"].List {
		m.Flags = append(m.Flags, string(flag.Text))
	}
	fail := func(item string, err error) (Message, error) {
		return Message{}, fmt.Errorf("%s of UID %d: %w", item, uid, err)
	}
	size, err := numberOf(items["RFC822.SIZE"], 32)
	if err != nil {
		return fail("RFC822.SIZE", err)
	}
	m.Size = uint32(size)
	if list := items["MODSEQ"].List; len(list) != 1 {
		return fail("MODSEQ", fmt.Errorf("no number"))
	} else if m.ModSeq, err = numberOf(list[0], 64); err != nil {
		return fail("MODSEQ", err)
	}
	if m.InternalDate, err = time.Parse(internalDate, string(items["INTERNALDATE"].Text)); err != nil {
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

// Headers calls each with one header field, name and line end included, of
// every message of the mailbox that is in uids (nil: all) and can be read.
func (c *IMAP) Headers(ctx context.Context, mailbox, field string, uids []uint32, each func(uid uint32, header []byte) error) error {
	item := "BODY[HEADER.FIELDS (" + strings.ToUpper(field) + ")]"
	commands := []command{selecting("EXAMINE", mailbox)}
	for _, set := range UIDSets(uids) {
		commands = append(commands, fetching(set, "UID BODY.PEEK[HEADER.FIELDS ("+field+")]", item,
			func(uid uint32, items map[string]Value) error { return each(uid, items[item].Text) }))
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
			fetching(set, "UID", "UID", func(uid uint32, _ map[string]Value) error {
				listed.uids = append(listed.uids, uid)
				return nil
			}),
			fetching(set, "UID BODY.PEEK[]", "BODY[]", func(uid uint32, items map[string]Value) error {
				return listed.came(uid, items["BODY[]"].Text)
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

// List returns the mailboxes that match one of the patterns.
func (c *IMAP) List(ctx context.Context, patterns ...string) ([]Mailbox, error) {
	return c.list(ctx, "", patterns)
}

// ListStatus returns the mailboxes that match one of the patterns, with the status
// items ("MESSAGES", "UIDNEXT", …) of those that can be opened.
func (c *IMAP) ListStatus(ctx context.Context, items []string, patterns ...string) ([]Mailbox, error) {
	return c.list(ctx, " RETURN (STATUS ("+strings.Join(items, " ")+"))", patterns)
}

func (c *IMAP) list(ctx context.Context, options string, patterns []string) ([]Mailbox, error) {
	encoded := make([]string, len(patterns))
	for i, pattern := range patterns {
		encoded[i] = quote(EncodeMailboxName(pattern))
	}
	which := strings.Join(encoded, " ")
	if len(encoded) > 1 {
		which = "(" + which + ")"
	}
	var mailboxes []Mailbox
	_, err := c.run(ctx, command{
		name:  "LIST",
		parts: []part{{text: `LIST "" ` + which + options}},
		each: func(response *Response) error {
			switch response.Name {
			case "LIST":
				mailbox, err := readListed(response)
				mailboxes = append(mailboxes, mailbox)
				return err
			case "STATUS":
				return readStatus(response, mailboxes)
			}
			return nil
		},
	})
	return mailboxes, err
}

func readListed(response *Response) (Mailbox, error) {
	values, err := response.Values()
	if err != nil {
		return Mailbox{}, err
	}
	if len(values) < 3 || values[0].List == nil {
		return Mailbox{}, fmt.Errorf("LIST answer not understood: %.60q", response.rest)
	}
	var mailbox Mailbox
	for _, attribute := range values[0].List {
		mailbox.Attributes = append(mailbox.Attributes, string(attribute.Text))
	}
	mailbox.Name, err = DecodeMailboxName(string(values[2].Text))
	return mailbox, err
}

// readStatus adds a STATUS answer to the mailbox that it is about.
func readStatus(response *Response, mailboxes []Mailbox) error {
	values, err := response.Values()
	if err != nil {
		return err
	}
	if len(values) != 2 || len(values[1].List)%2 != 0 {
		return fmt.Errorf("STATUS answer not understood: %.60q", response.rest)
	}
	name, err := DecodeMailboxName(string(values[0].Text))
	if err != nil {
		return err
	}
	for i := range mailboxes {
		if mailboxes[i].Name != name {
			continue
		}
		status, pairs := map[string]uint64{}, values[1].List
		for j := 0; j < len(pairs); j += 2 {
			if status[string(pairs[j].Text)], err = numberOf(pairs[j+1], 64); err != nil {
				return fmt.Errorf("STATUS %s of %s: %w", pairs[j].Text, name, err)
			}
		}
		mailboxes[i].Status = status
	}
	return nil
}
