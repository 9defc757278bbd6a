package wire

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Mailbox is one mailbox in a listing.
type Mailbox struct {
	Name       string // UTF-8
	Attributes []string
	Status     map[string]uint64 // [IMAP.ListStatus] alone; nil where the server gives none
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
		encoded[i] = quote(mailboxname.EncodeUTF7(pattern))
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
	mailbox.Name, err = mailboxname.DecodeUTF7(string(values[2].Text))
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
	name, err := mailboxname.DecodeUTF7(string(values[0].Text))
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
