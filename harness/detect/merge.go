package detect

import (
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// merge reads two lists of records, each in order of UID, side by side, and keeps of both
// what the comparison of the whole lists would tell of: records that are not alike, those
// of one side alone, and the last one of each side.
type merge struct {
	sides    [2]merging
	alike    bool // both sides' last records were, and are not kept so far
	last     [2]target.Record
	unwanted bool // nothing will come of what is kept
}

// merging is one side of a merge.
type merging struct {
	stream target.MailboxStream // nil: there are no records
	next   target.Record
	more   bool
	err    error // why they could not all be read
	kept   []target.Record
}

// run reads to the end of both. A side that refuses does not keep the other from being
// read; what else goes wrong does.
func (m *merge) run() {
	a, b := &m.sides[0], &m.sides[1]
	a.advance()
	b.advance()
	for (a.more || b.more) && !a.broken() && !b.broken() {
		switch {
		case !b.more || a.more && a.next.UID < b.next.UID:
			m.single(a)
		case !a.more || b.next.UID < a.next.UID:
			m.single(b)
		default:
			m.pair()
		}
	}
	m.keepLast()
}

// single is about a record that one side alone has.
func (m *merge) single(side *merging) {
	m.keepLast()
	m.keep(side, side.next)
	side.advance()
}

// pair is about records of one UID.
func (m *merge) pair() {
	a, b := &m.sides[0], &m.sides[1]
	m.alike = target.SameRecord(&a.next, &b.next, target.LevelIndex)
	if m.alike {
		m.last = [2]target.Record{a.next, b.next}
	} else {
		m.keep(a, a.next)
		m.keep(b, b.next)
	}
	a.advance()
	b.advance()
}

// keepLast keeps the last two records, if they were alike: one of them may be the last of
// its side.
func (m *merge) keepLast() {
	if m.alike {
		m.keep(&m.sides[0], m.last[0])
		m.keep(&m.sides[1], m.last[1])
	}
	m.alike = false
}

func (m *merge) keep(side *merging, record target.Record) {
	if !m.unwanted && m.sides[0].err == nil && m.sides[1].err == nil {
		side.kept = append(side.kept, record)
	}
}

// advance takes the next record.
func (s *merging) advance() {
	if s.more = false; s.stream == nil {
		return
	}
	record, more, err := s.stream.Next()
	switch {
	case err != nil:
		s.err = err
	case !more:
	case record.UID < s.next.UID:
		s.err = fmt.Errorf("UID %d comes after UID %d: %w", record.UID, s.next.UID, errNotInStep)
	default:
		s.next, s.more = record, true
	}
}

// broken says that the side has failed, and not by a refusal.
func (s *merging) broken() bool {
	var refused *target.RefusedError
	return s.err != nil && !errors.As(s.err, &refused)
}
