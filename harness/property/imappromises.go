package property

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IMAPPromises is property 6: what IMAP lets clients rely on to keep caches
// (RFC 9051, section 2.3.1; RFC 7162, section 3.1.1).
type IMAPPromises struct{}

// Number implements [Property].
func (IMAPPromises) Number() int { return 6 }

// Name implements [Property].
func (IMAPPromises) Name() string { return "imap-promises" }

// Doc implements [Property].
func (IMAPPromises) Doc() string {
	return "within a UIDVALIDITY no UID means two messages, UIDNEXT and HIGHESTMODSEQ never go back, and a change of flags raises the modseq; over a change of server, where clients were not told"
}

// Check implements [Property]. A reign is the time in which one server served
// without another in between. Counters of two reigns are not compared: what a
// dead master had last is gone, and only a UID that means another message hurts
// a client.
func (p IMAPPromises) Check(scene Scene) Result {
	c := &cacheCheck{
		scene: scene, result: Result{Number: p.Number(), Name: p.Name()},
		uids: map[cached]shown{}, counters: map[counted]target.Counters{}, reused: map[MailboxID][]string{},
	}
	for _, s := range scene.shown() {
		if s.marker == "" {
			c.count(s)
		} else {
			c.see(s)
		}
	}
	c.flagged()
	c.conclude()
	return c.result.conclude()
}

// shown is a message with its UID, or a mailbox's counters, as a user was shown
// it.
type shown struct {
	at     time.Time
	server string
	reign  int
	id     MailboxID
	uid    uint32
	marker string // empty: counters alone
	target.Counters
}

// shown returns all that users were shown, in the order of time, the mail at
// the end last.
func (s Scene) shown() []shown {
	var all []shown
	for _, seen := range s.Sightings {
		all = append(all, shown{
			at: seen.At, server: seen.Server, id: MailboxID{seen.Account, seen.Mailbox}, uid: seen.UID, marker: seen.Marker,
			Counters: target.Counters{UIDValidity: seen.UIDValidity},
		})
	}
	for _, c := range s.Counts {
		all = append(all, shown{at: c.At, server: c.Server, id: MailboxID{c.Account, c.Mailbox}, Counters: c.Counters})
	}
	slices.SortStableFunc(all, func(a, b shown) int { return a.at.Compare(b.at) })
	all = append(all, s.Mail.shown()...)
	for i := 1; i < len(all); i++ {
		all[i].reign = all[i-1].reign
		if all[i].server != all[i-1].server {
			all[i].reign++
		}
	}
	return all
}

func (m Mail) shown() []shown {
	var all []shown
	for _, id := range m.ids() {
		box := m.Mailboxes[id]
		if box.Counters.UIDValidity == 0 {
			continue
		}
		all = append(all, shown{server: string(m.Server), id: id, Counters: box.Counters})
		for _, message := range box.Messages {
			if message.Marker != "" {
				all = append(all, shown{server: string(m.Server), id: id, uid: message.UID, marker: message.Marker, Counters: box.Counters})
			}
		}
	}
	return all
}

// cached is what a client caches a message under, counted what it caches
// counters under.
type cached struct {
	id               MailboxID
	uidValidity, uid uint32
}

type counted struct {
	reign       int
	id          MailboxID
	uidValidity uint32
}

type cacheCheck struct {
	scene    Scene
	result   Result
	uids     map[cached]shown
	counters map[counted]target.Counters
	reused   map[MailboxID][]string // over a change of server
}

// see holds a message's UID against what it was seen to mean before.
func (c *cacheCheck) see(s shown) {
	c.result.Checked++
	key := cached{s.id, s.UIDValidity, s.uid}
	before, known := c.uids[key]
	c.uids[key] = s
	switch {
	case !known || before.marker == s.marker:
	case before.reign == s.reign:
		c.result.violateAt(c.at(s, s.uid), s.marker, "it has the UID that message %s had on the same server, under the same UIDVALIDITY %d", before.marker, s.UIDValidity)
	default:
		c.reused[s.id] = append(c.reused[s.id], fmt.Sprintf("UID %d was message %s on %s and is %s on %s", s.uid, before.marker, before.server, s.marker, s.server))
	}
}

// count holds counters against those before them.
func (c *cacheCheck) count(s shown) {
	c.result.Checked++
	key := counted{s.reign, s.id, s.UIDValidity}
	before, known := c.counters[key]
	c.counters[key] = s.Counters
	if !known {
		return
	}
	if s.UIDNext < before.UIDNext {
		c.result.violateAt(c.at(s, 0), "", "UIDNEXT went back from %d to %d under the same UIDVALIDITY %d", before.UIDNext, s.UIDNext, s.UIDValidity)
	}
	if s.HighestModSeq < before.HighestModSeq {
		c.result.violateAt(c.at(s, 0), "", "HIGHESTMODSEQ went back from %d to %d under the same UIDVALIDITY %d", before.HighestModSeq, s.HighestModSeq, s.UIDValidity)
	}
}

func (c *cacheCheck) at(s shown, uid uint32) target.Place {
	return target.Place{Server: target.ServerName(s.server), Account: s.id.Account, Mailbox: s.id.Mailbox, UID: uid}
}

// conclude says of each mailbox whose UIDs were given out again over a change
// of server: as reported where clients could be told to forget it.
func (c *cacheCheck) conclude() {
	ids := make([]MailboxID, 0, len(c.reused))
	for id := range c.reused {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b MailboxID) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Mailbox, b.Mailbox))
	})
	for _, id := range ids {
		text := "clients' caches are wrong: " + c.reused[id][0]
		if more := len(c.reused[id]) - 1; more > 0 {
			text += fmt.Sprintf(", and %d more", more)
		}
		at := c.scene.Mail.place(id, 0)
		if slices.Contains(c.scene.Reported.Caches, id) {
			c.result.Reported = append(c.result.Reported, fmt.Sprintf("%s: %s", at, text))
			continue
		}
		c.result.violateAt(at, "", "%s; and nobody was told", text)
	}
}
