package traffic

import "time"

// sightings is where each message's user first saw it: whoever flags, moves or
// expunges a message has seen it, perhaps before it was read back.
type sightings struct {
	read map[string]Sighting // by marker: as it was first read back
	used map[string]use      // by marker: the first operation on it
}

type use struct {
	mailbox string
	at      time.Time
}

// note takes an entry for its message's first use, unless there was one.
func (s sightings) note(e Entry) (first bool) {
	if _, known := s.used[e.Marker]; known || !e.onMessage() || e.makesMessage() {
		return false
	}
	s.used[e.Marker] = use{e.Mailbox, e.SentAt}
	return true
}

// shownIn returns the mailbox in which a message was first seen; empty where
// nobody has.
func (s sightings) shownIn(marker string) string {
	used, asked := s.used[marker]
	seen, sighted := s.read[marker]
	if asked && (!sighted || used.at.Before(seen.At)) {
		return used.mailbox
	}
	return seen.Mailbox
}

// standing is a replay that is carried on with each answer, so that to ask for
// what the ledger promises costs no replay of all of it.
type standing struct {
	*replay
	applied int  // so many entries, all of them answered
	stale   bool // it was learned too late where a message had been filed
}

// standingOf replays what has been answered, up to the first entry that has not.
func standingOf(entries []Entry, read map[string]Sighting) *standing {
	s := &standing{replay: newReplay(read)}
	for _, e := range entries {
		if e.Outcome == "" {
			break
		}
		s.note(e)
	}
	s.carryOn(entries)
	return s
}

// carryOn applies what has been answered since.
func (s *standing) carryOn(entries []Entry) {
	for ; s.applied < len(entries) && entries[s.applied].Outcome != ""; s.applied++ {
		e := entries[s.applied]
		if s.note(e) {
			s.shown(e.Marker)
		}
		s.apply(e)
	}
}

// shown takes up that a message was seen, or read. If it was not filed where it was
// to be, whatever happened to mailboxes since may have had another meaning: then all
// has to be replayed.
func (s *standing) shown(marker string) {
	made := s.named[marker]
	if len(made) == 0 {
		return
	}
	for _, m := range made {
		m.BodySHA1 = s.read[marker].BodySHA1
	}
	m, in := made[0], s.shownIn(marker)
	if m.SeenIn == in {
		return
	}
	delivered, as := m.Filed != "", place{m.Account, m.Mailbox, marker}
	switch untouched := m.OrIn == "" && m.Expunged == "" && m.Mailbox == m.Filed; {
	case !delivered || untouched && in == m.Filed:
	case untouched && m.SeenIn == "" && s.fresh[m] && s.at[as] == m:
		delete(s.at, as)
		m.Mailbox = in
		s.at[place{m.Account, in, marker}] = m
	default:
		s.stale = true
	}
	m.SeenIn = in
}
