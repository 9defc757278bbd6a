package front

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/sim"
)

// cyrusCommands stands between a client and go-imap's server, and answers what that does
// not know and whoever compares two servers asks: STATUS with HIGHESTMODSEQ (RFC 7162),
// and UID FETCH with DIGEST.SHA1, which is Cyrus's own. All else it hands on.
//
// go-imap reads only when it has answered all that came before, so answers keep their
// order.
type cyrusCommands struct {
	session *imapSession
	conn    *conn
	in      *bufio.Reader
	ready   []byte // to be handed on
	literal int64  // how many bytes of one come next
	amid    bool   // what comes next belongs to the command before
}

// hearing reads what a client says.
type hearing struct{ *conn }

// Read implements [io.Reader].
func (h hearing) Read(p []byte) (int, error) { return h.hear(p) }

func newCyrusCommands(s *imapSession) *cyrusCommands {
	return &cyrusCommands{session: s, conn: s.conn, in: bufio.NewReader(hearing{s.conn})}
}

// Read implements [io.Reader], for go-imap's server.
func (c *cyrusCommands) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		if c.literal > 0 {
			n, err := c.in.Read(p[:min(int64(len(p)), c.literal)])
			c.literal -= int64(n)
			return n, err
		}
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			return copy(p, line), err // a part of a line is nobody's command
		}
		if !c.amid {
			answered, err := c.answer(line)
			if err != nil {
				return 0, err
			}
			if answered {
				continue
			}
		}
		c.literal, c.amid = literalAtEnd(line)
		c.amid = c.amid || waitsForMore.Match(line)
		c.ready = line
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

var (
	literalEnd = regexp.MustCompile(`\{(\d+)\+?\}\r?\n$`)
	// waitsForMore is a command of which the next line is a part.
	waitsForMore = regexp.MustCompile(`(?i)^\S+ AUTHENTICATE \S+\r?\n$`)
	askedStatus  = regexp.MustCompile(`(?i)^(\S+) STATUS ("(?:[^"\\]|\\.)*"|\S+) \(([A-Z ]*\bHIGHESTMODSEQ\b[A-Z ]*)\)\r?\n$`)
	askedDigest  = regexp.MustCompile(`(?i)^(\S+) UID FETCH ([\d:*,]+) \(([A-Z0-9. ]*\bDIGEST\.SHA1\b[A-Z0-9. ]*)\)\r?\n$`)
)

func literalAtEnd(line []byte) (size int64, ok bool) {
	found := literalEnd.FindSubmatch(line)
	if found == nil {
		return 0, false
	}
	size, err := strconv.ParseInt(string(found[1]), 10, 64)
	return size, err == nil
}

// answer answers a command, if it is one of these.
func (c *cyrusCommands) answer(line []byte) (answered bool, err error) {
	if c.session.session == nil { // nobody has logged in who has mail
		return false, nil
	}
	var answer bytes.Buffer
	var tag, name string
	if asked := askedStatus.FindSubmatch(line); asked != nil {
		tag, name = string(asked[1]), "STATUS"
		err = c.status(&answer, unquote(string(asked[2])), strings.Fields(strings.ToUpper(string(asked[3]))))
	} else if asked := askedDigest.FindSubmatch(line); asked != nil {
		tag, name = string(asked[1]), "UID FETCH"
		err = c.digests(&answer, string(asked[2]), strings.Fields(strings.ToUpper(string(asked[3]))))
	} else {
		return false, nil
	}
	var refused *imap.Error
	switch {
	case errors.As(err, &refused):
		answer.Reset()
		fmt.Fprintf(&answer, "%s %s %s\r\n", tag, refused.Type, refused.Text)
	case err != nil:
		return false, err
	default:
		fmt.Fprintf(&answer, "%s OK %s completed\r\n", tag, name)
	}
	_, err = c.conn.Write(answer.Bytes())
	return true, err
}

func unquote(text string) string {
	inner, quoted := strings.CutPrefix(text, `"`)
	if !quoted {
		return text
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(strings.TrimSuffix(inner, `"`))
}

func unknown(what string) error {
	return &imap.Error{Type: imap.StatusResponseTypeBad, Text: "Unknown " + what}
}

func (c *cyrusCommands) status(w io.Writer, encoded string, items []string) error {
	name, err := mailboxname.DecodeUTF7(encoded)
	if err != nil {
		return unknown("mailbox name")
	}
	var told sim.Selected
	err = c.session.ask(func(session *sim.IMAPSession) (err error) {
		told, err = session.Peek(c.session.ctx, ownName(name))
		return err
	})
	if err != nil {
		return err
	}
	values := map[string]uint64{
		"MESSAGES": uint64(len(told.Records)), "RECENT": uint64(told.Recent), "UIDVALIDITY": uint64(told.UIDValidity),
		"UIDNEXT": uint64(told.UIDNext), "HIGHESTMODSEQ": told.HighestModSeq,
	}
	var said []string
	for _, item := range items {
		value, ok := values[item]
		if !ok {
			return unknown("STATUS data item " + item)
		}
		said = append(said, fmt.Sprintf("%s %d", item, value))
	}
	_, err = fmt.Fprintf(w, "* STATUS %q (%s)\r\n", encoded, strings.Join(said, " "))
	return err
}

// digests tells of those messages that the client knows of.
func (c *cyrusCommands) digests(w io.Writer, set string, items []string) error {
	s := c.session
	if s.mailbox == "" {
		return unknown("command while no mailbox is selected")
	}
	var records []target.Record
	err := s.ask(func(session *sim.IMAPSession) (err error) {
		records, err = session.Records(s.ctx, s.mailbox)
		return err
	})
	if err != nil {
		return err
	}
	var last uint32
	if len(records) > 0 {
		last = records[len(records)-1].UID
	}
	for _, r := range records {
		i := s.position(r.UID)
		if i < 0 || !inSet(set, r.UID, last) {
			continue
		}
		var said []string
		for _, item := range items {
			value, ok := messageItem(r, item)
			if !ok {
				return unknown("FETCH item " + item)
			}
			said = append(said, item+" "+value)
		}
		if !slices.Contains(items, "UID") {
			said = append(said, fmt.Sprintf("UID %d", r.UID))
		}
		if _, err := fmt.Fprintf(w, "* %d FETCH (%s)\r\n", i+1, strings.Join(said, " ")); err != nil {
			return err
		}
	}
	return nil
}

func messageItem(r target.Record, item string) (value string, ok bool) {
	switch item {
	case "UID":
		return strconv.FormatUint(uint64(r.UID), 10), true
	case "FLAGS":
		return "(" + strings.Join(r.Flags, " ") + ")", true
	case "INTERNALDATE":
		return r.InternalDate.Format(`"_2-Jan-2006 15:04:05 -0700"`), true
	case "RFC822.SIZE":
		return strconv.FormatUint(uint64(r.Size), 10), true
	case "MODSEQ":
		return fmt.Sprintf("(%d)", r.ModSeq), true
	case "DIGEST.SHA1":
		return r.GUID, true
	}
	return "", false
}

// inSet says whether a UID is in a set such as "1:4,7,9:*".
func inSet(set string, uid, last uint32) bool {
	number := func(text string) uint32 {
		if text == "*" {
			return last
		}
		n, _ := strconv.ParseUint(text, 10, 32) // what is no number is no UID either
		return uint32(n)
	}
	for part := range strings.SplitSeq(set, ",") {
		first, end, isRange := strings.Cut(part, ":")
		if !isRange {
			end = first
		}
		from, to := number(first), number(end)
		if min(from, to) <= uid && uid <= max(from, to) {
			return true
		}
	}
	return false
}
