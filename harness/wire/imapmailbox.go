package wire

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

func encoded(mailbox string) string { return quote(mailboxname.EncodeUTF7(mailbox)) }

// Create makes a mailbox (RFC 9051, section 6.3.4).
func (c *IMAP) Create(ctx context.Context, mailbox string) error {
	return c.change(ctx, "CREATE "+encoded(mailbox))
}

// Rename gives a mailbox, and those below it, another name (RFC 9051, section
// 6.3.6).
func (c *IMAP) Rename(ctx context.Context, from, to string) error {
	return c.change(ctx, "RENAME "+encoded(from)+" "+encoded(to))
}

// Delete removes a mailbox with its messages (RFC 9051, section 6.3.5).
func (c *IMAP) Delete(ctx context.Context, mailbox string) error {
	return c.change(ctx, "DELETE "+encoded(mailbox))
}

// Subscribe adds the mailbox to the user's subscriptions.
func (c *IMAP) Subscribe(ctx context.Context, mailbox string) error {
	return c.change(ctx, "SUBSCRIBE "+encoded(mailbox))
}

// Unsubscribe takes it out of them.
func (c *IMAP) Unsubscribe(ctx context.Context, mailbox string) error {
	return c.change(ctx, "UNSUBSCRIBE "+encoded(mailbox))
}

// SetACL gives the identifier these rights on a mailbox and no others; none
// removes it from the ACL (RFC 4314).
func (c *IMAP) SetACL(ctx context.Context, mailbox, identifier, rights string) error {
	return c.change(ctx, "SETACL "+encoded(mailbox)+" "+quote(identifier)+" "+quote(rights))
}

// SetAnnotation sets an annotation of a mailbox, "/shared/comment"; an empty
// value removes it (RFC 5464).
func (c *IMAP) SetAnnotation(ctx context.Context, mailbox, entry, value string) error {
	text := "NIL"
	if value != "" {
		text = quote(value)
	}
	return c.change(ctx, "SETMETADATA "+encoded(mailbox)+" ("+entry+" "+text+")")
}

// SetQuota limits a quota root's storage, in KiB; below zero there is no limit
// (RFC 9208). Only an administrator may.
func (c *IMAP) SetQuota(ctx context.Context, root string, storageKiB int64) error {
	limits := "()"
	if storageKiB >= 0 {
		limits = "(STORAGE " + strconv.FormatInt(storageKiB, 10) + ")"
	}
	return c.change(ctx, "SETQUOTA "+encoded(root)+" "+limits)
}

// Subscriptions returns the names of the user's subscribed mailboxes.
func (c *IMAP) Subscriptions(ctx context.Context) ([]string, error) {
	var names []string
	_, err := c.run(ctx, command{
		name:  "LSUB",
		parts: []part{{text: `LSUB "" "*"`}},
		each: func(response *Response) error {
			if response.Name != "LSUB" {
				return nil
			}
			mailbox, err := readListed(response)
			names = append(names, mailbox.Name)
			return err
		},
	})
	return names, err
}

// Status returns status items of a mailbox by their names (RFC 9051, section
// 6.3.11), without opening it.
func (c *IMAP) Status(ctx context.Context, mailbox string, items ...string) (map[string]uint64, error) {
	found := []Mailbox{{Name: mailbox}}
	_, err := c.run(ctx, command{
		name:  "STATUS " + mailbox,
		parts: []part{{text: "STATUS " + encoded(mailbox) + " (" + strings.Join(items, " ") + ")"}},
		each: func(response *Response) error {
			if response.Name != "STATUS" {
				return nil
			}
			return readStatus(response, found)
		},
	})
	if err == nil && found[0].Status == nil {
		err = fmt.Errorf("STATUS %s: OK, and no answer about it", mailbox)
	}
	return found[0].Status, err
}

// Settings are what a mailbox has besides its messages.
type Settings struct {
	ACL         map[string]string // rights by identifier
	Annotations map[string]string // by entry, "/shared/comment"
	QuotaRoot   string            // empty: none
	StorageKiB  int64             // the root's limit; below zero: none
}

// Settings reads ACL, annotations and quota of a mailbox, in one go.
func (c *IMAP) Settings(ctx context.Context, mailbox string, entries ...string) (Settings, error) {
	s := Settings{ACL: map[string]string{}, Annotations: map[string]string{}, StorageKiB: -1}
	name := encoded(mailbox)
	asking := func(verb, text string, answer string, read func([]Value) error) command {
		return command{name: verb + " " + mailbox, parts: []part{{text: text}}, each: func(response *Response) error {
			if response.Name != answer {
				return nil
			}
			values, err := response.Values()
			if err != nil {
				return err
			}
			return read(values)
		}}
	}
	_, err := c.run(ctx,
		asking("GETACL", "GETACL "+name, "ACL", s.readACL),
		asking("GETMETADATA", "GETMETADATA "+name+" ("+strings.Join(entries, " ")+")", "METADATA", s.readAnnotations),
		asking("GETQUOTAROOT", "GETQUOTAROOT "+name, "QUOTA", s.readQuota))
	return s, err
}

func (s *Settings) readACL(values []Value) error {
	if len(values)%2 == 0 {
		return fmt.Errorf("ACL answer not understood: %d values", len(values))
	}
	for i := 1; i < len(values); i += 2 {
		s.ACL[string(values[i].Text)] = string(values[i+1].Text)
	}
	return nil
}

func (s *Settings) readAnnotations(values []Value) error {
	if len(values) != 2 || len(values[1].List)%2 != 0 {
		return fmt.Errorf("METADATA answer not understood: %d values", len(values))
	}
	pairs := values[1].List
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1].Text != nil { // NIL: not set
			s.Annotations[strings.ToLower(string(pairs[i].Text))] = string(pairs[i+1].Text)
		}
	}
	return nil
}

func (s *Settings) readQuota(values []Value) error {
	if len(values) != 2 || len(values[1].List)%3 != 0 {
		return fmt.Errorf("QUOTA answer not understood: %d values", len(values))
	}
	s.QuotaRoot = string(values[0].Text)
	for i := 0; i < len(values[1].List); i += 3 {
		if strings.EqualFold(string(values[1].List[i].Text), "STORAGE") {
			limit, err := numberOf(values[1].List[i+2], 63)
			if err != nil {
				return fmt.Errorf("limit of %s: %w", s.QuotaRoot, err)
			}
			s.StorageKiB = int64(limit)
		}
	}
	return nil
}
