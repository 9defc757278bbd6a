package front

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Search implements [imapserver.Session].
func (s *imapSession) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	var bodies map[uint32][]byte
	if looksInside(criteria) && len(s.told.Records) > 0 {
		var err error
		if bodies, err = s.bodies(nil); err != nil {
			return nil, err
		}
	}
	var seqs imap.SeqSet
	var uids imap.UIDSet
	data := &imap.SearchData{}
	for i, r := range s.told.Records {
		number := uint32(i + 1)
		if !matches(candidate{number, number == uint32(len(s.told.Records)), r, bodies[r.UID]}, criteria) {
			continue
		}
		seqs.AddNum(number)
		uids.AddNum(imap.UID(r.UID))
		if kind == imapserver.NumKindUID {
			number = r.UID
		}
		if data.Count++; data.Count == 1 {
			data.Min = number
		}
		data.Max = number
	}
	data.All = seqs
	if kind == imapserver.NumKindUID {
		data.All = uids
	}
	return data, nil
}

// looksInside says whether messages must be read to know whether they match.
func looksInside(c *imap.SearchCriteria) bool {
	return len(c.Header)+len(c.Body)+len(c.Text) > 0 || !c.SentSince.IsZero() || !c.SentBefore.IsZero() ||
		slices.ContainsFunc(c.Not, func(not imap.SearchCriteria) bool { return looksInside(&not) }) ||
		slices.ContainsFunc(c.Or, func(or [2]imap.SearchCriteria) bool { return looksInside(&or[0]) || looksInside(&or[1]) })
}

// candidate is a message that may match.
type candidate struct {
	number uint32
	last   bool // which is what "*" means
	record target.Record
	body   []byte
}

func matches(m candidate, c *imap.SearchCriteria) bool {
	all := func(ok ...bool) bool { return !slices.Contains(ok, false) }
	return all(m.isIn(c), m.isFlagged(c), m.isFrom(m.record.InternalDate, c.Since, c.Before),
		c.Larger == 0 || int64(m.record.Size) > c.Larger, c.Smaller == 0 || int64(m.record.Size) < c.Smaller) &&
		m.contains(c) &&
		!slices.ContainsFunc(c.Not, func(not imap.SearchCriteria) bool { return matches(m, &not) }) &&
		!slices.ContainsFunc(c.Or, func(or [2]imap.SearchCriteria) bool { return !matches(m, &or[0]) && !matches(m, &or[1]) })
}

func (m candidate) isIn(c *imap.SearchCriteria) bool {
	return !slices.ContainsFunc(c.SeqNum, func(set imap.SeqSet) bool { return !set.Contains(m.number) && !(m.last && set.Dynamic()) }) &&
		!slices.ContainsFunc(c.UID, func(set imap.UIDSet) bool {
			return !set.Contains(imap.UID(m.record.UID)) && !(m.last && set.Dynamic())
		})
}

func (m candidate) isFlagged(c *imap.SearchCriteria) bool {
	has := func(flag imap.Flag) bool {
		return slices.ContainsFunc(m.record.Flags, func(own string) bool { return strings.EqualFold(own, string(flag)) })
	}
	return !slices.ContainsFunc(c.Flag, func(flag imap.Flag) bool { return !has(flag) }) && !slices.ContainsFunc(c.NotFlag, has)
}

// isFrom compares days; a time's zone does not count (RFC 3501, section 6.4.4).
func (candidate) isFrom(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}

// contains looks into a message. A broken one is read as far as that goes.
func (m candidate) contains(c *imap.SearchCriteria) bool {
	if len(c.Header)+len(c.Body)+len(c.Text) == 0 && c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true
	}
	header, body := decoded(m.body)
	for _, field := range c.Header {
		if !hasField(header.FieldsByKey(field.Key), field.Value) {
			return false
		}
	}
	if !c.SentSince.IsZero() || !c.SentBefore.IsZero() {
		date, err := (&mail.Header{Header: header}).Date()
		if err != nil || !m.isFrom(date, c.SentSince, c.SentBefore) {
			return false
		}
	}
	for _, text := range c.Body {
		if !holds(body, text) {
			return false
		}
	}
	for _, text := range c.Text {
		if !holds(body, text) && !hasField(header.Fields(), text) {
			return false
		}
	}
	return true
}

func holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func hasField(fields message.HeaderFields, part string) bool {
	for fields.Next() {
		text, err := fields.Text()
		if err != nil {
			text = fields.Value()
		}
		if holds(text, part) {
			return true
		}
	}
	return false
}

// decoded returns a message's header, and the text of all its parts.
func decoded(whole []byte) (message.Header, string) {
	entity, _ := message.Read(bytes.NewReader(whole)) // an unknown charset is no reason not to look
	if entity == nil {
		return message.Header{}, string(whole)
	}
	var text strings.Builder
	_ = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err == nil && part.MultipartReader() == nil {
			var out bytes.Buffer
			_, _ = out.ReadFrom(part.Body)
			text.Write(out.Bytes())
		}
		return nil
	})
	return entity.Header, text.String()
}
