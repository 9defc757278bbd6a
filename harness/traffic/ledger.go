package traffic

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Ledger records operations as they are sent and answered. It is safe for
// concurrent use. If it has a writer, each event goes there at once as a line
// of JSON, so that a killed drill leaves what it knew.
type Ledger struct {
	mu      sync.Mutex
	entries []Entry
	seen    map[string]Sighting // by marker: as it was first read back
	kept    *standing           // what the entries promise, as far as it is worked out; nil: not at all
	counts  []Count
	out     *json.Encoder
	err     error
}

// NewLedger returns an empty ledger that writes its events to out, or nowhere
// if that is nil.
func NewLedger(out io.Writer) *Ledger {
	const usual = 512 // operations of a drill
	l := &Ledger{seen: map[string]Sighting{}, entries: make([]Entry, 0, usual)}
	if out != nil {
		l.out = json.NewEncoder(out)
	}
	return l
}

// event is one line of ledger.jsonl.
type event struct {
	Event string `json:"event"` // "sent", "answered", "read-back", "counted"
	*Entry
	Read  *Sighting `json:"read,omitempty"`
	Count *Count    `json:"count,omitempty"`
}

// Sent records that an operation is about to be sent and returns its ID.
func (l *Ledger) Sent(e Entry) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.ID = len(l.entries) + 1
	e.Outcome, e.Answer, e.AnsweredAt = "", "", time.Time{}
	l.entries = append(l.entries, e)
	l.write(func() event { return event{Event: "sent", Entry: &l.entries[e.ID-1]} })
	return e.ID
}

// Answered records what came of the operation: err is what the client got.
func (l *Ledger) Answered(id int, at time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &l.entries[id-1]
	e.Outcome, e.AnsweredAt = target.OutcomeOf(err), at
	if err != nil {
		e.Answer = err.Error()
	}
	l.write(func() event { return event{Event: "answered", Entry: e} })
}

// ReadBack records a message as a server gave it. Only the first time counts:
// that is what the user was promised.
func (l *Ledger) ReadBack(seen Sighting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.seen[seen.Marker]; known {
		return
	}
	l.seen[seen.Marker] = seen
	if l.kept != nil {
		l.kept.shown(seen.Marker)
	}
	l.write(func() event { return event{Event: "read-back", Read: &seen} })
}

// write writes an event, which is made only where there is a writer.
func (l *Ledger) write(made func() event) {
	if l.out == nil || l.err != nil {
		return
	}
	if err := l.out.Encode(made()); err != nil {
		l.err = fmt.Errorf("writing the ledger: %w", err)
	}
}

// Err returns the first error of writing, if any: a drill whose ledger is not
// whole proves nothing.
func (l *Ledger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Entries returns all entries, in the order of sending.
func (l *Ledger) Entries() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// Counted records a mailbox's counters as a server told them.
func (l *Ledger) Counted(c Count) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts = append(l.counts, c)
	l.write(func() event { return event{Event: "counted", Count: &c} })
}

// Counts returns all counters that users were told, in the order of time.
func (l *Ledger) Counts() []Count {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.counts)
}

// Flagged returns the changes of flags that were sent since then and acknowledged, in the
// order of sending.
func (l *Ledger) Flagged(since time.Time) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var flagged []Entry
	for _, e := range l.entries {
		if e.Op == OpFlag && e.Outcome == target.Acknowledged && !e.SentAt.Before(since) {
			flagged = append(flagged, e)
		}
	}
	return flagged
}

// Sightings returns the messages as they were first read back, by UID within
// each mailbox of each server.
func (l *Ledger) Sightings() []Sighting {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.seen), func(a, b Sighting) int {
		return cmp.Or(strings.Compare(a.Server, b.Server), strings.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.UID, b.UID), strings.Compare(a.Marker, b.Marker))
	})
}

// Messages returns what the ledger promises about messages, in the order in
// which they were sent or copied. An entry without an answer counts as in
// doubt.
func (l *Ledger) Messages() []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.replay()
	messages := make([]Message, len(r.messages))
	for i, m := range r.messages {
		messages[i] = *m
	}
	return messages
}

// Accounts returns what the ledger promises about accounts, messages apart, in
// the order in which it first heard of them.
func (l *Ledger) Accounts() []Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.replay()
	accounts := make([]Account, len(r.order))
	for i, name := range r.order {
		accounts[i] = r.tell(name)
	}
	return accounts
}

// account returns what the ledger promises about one account.
func (l *Ledger) account(name string) (a Account, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.replay()
	if _, known = r.accounts[name]; !known {
		return Account{}, false
	}
	return r.tell(name), true
}

// activeSource returns the source of an account's active script, or of what was
// asked for last where that is in doubt; empty where there is none.
func (l *Ledger) activeSource(account string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.replay().accounts[account]
	if !ok || a.Active.Last() == "" {
		return ""
	}
	return known(a.Scripts, a.Active.Last()).Last()
}

// accountNames returns the names of all accounts, in the order in which the
// ledger first heard of them.
func (l *Ledger) accountNames() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.replay().order)
}

// knows says whether a message of that marker was ever sent.
func (l *Ledger) knows(marker string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.replay().named[marker]) > 0
}

// mailboxesOf returns those in which a message is, or was, as they are called by
// now.
func (l *Ledger) mailboxesOf(account, marker string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var mailboxes []string
	for _, m := range l.replay().named[marker] {
		if m.Account == account {
			mailboxes = append(mailboxes, m.Mailbox)
		}
	}
	return mailboxes
}

// called returns what a mailbox is called by now that a server calls so: a new master
// may not have heard of its last name.
func (l *Ledger) called(account, server, mailbox string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.replay().current(Entry{Account: account, Server: server}, mailbox, false)
}

// unread returns the messages that must be there and were not read back yet:
// their mailboxes by marker.
func (l *Ledger) unread(account string) map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var unread map[string]string
	for _, m := range l.replay().owned[account] {
		if m.BodySHA1 == "" && m.Promised() {
			if unread == nil {
				unread = map[string]string{}
			}
			unread[m.Marker] = m.Mailbox
		}
	}
	return unread
}

// replay returns what all entries promise. It is called with the lock held.
func (l *Ledger) replay() *replay {
	if l.kept == nil || l.kept.stale {
		l.kept = standingOf(l.entries, l.seen)
	} else if l.kept.carryOn(l.entries); l.kept.stale {
		l.kept = standingOf(l.entries, l.seen)
	}
	if l.kept.applied == len(l.entries) {
		return l.kept.replay
	}
	r := newReplay(l.seen)
	for _, e := range l.entries {
		r.note(e)
	}
	for _, e := range l.entries {
		r.apply(e)
	}
	return r
}

// Check looks for contradictions in the ledger itself. They are the harness's
// fault, and no verdict can rest on such a ledger.
func (l *Ledger) Check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	made := map[string]*Entry{}
	for i := range l.entries {
		e := &l.entries[i]
		if problem := contradiction(e, made); problem != "" {
			errs = append(errs, fmt.Errorf("entry %d (%s) %s", e.ID, e.Op, problem))
		}
		if e.makesMessage() && (!e.Again || e.Outcome == target.Acknowledged) {
			made[e.Marker] = e
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("the ledger contradicts itself, which is a fault of the harness: %w", errors.Join(errs...))
	}
	return nil
}

// contradiction says what is wrong with an entry, given those before it that
// made messages.
func contradiction(e *Entry, made map[string]*Entry) string {
	first, known := made[e.Marker]
	switch {
	case !e.AnsweredAt.IsZero() && e.AnsweredAt.Before(e.SentAt):
		return "was answered before it was sent"
	case !e.onMessage():
		return ""
	case e.Marker == "":
		return "has no marker"
	case e.makesMessage() && !e.Again && known:
		return fmt.Sprintf("makes message %s, which entry %d made", e.Marker, first.ID)
	case e.makesMessage() && !e.Again:
		return ""
	case !known:
		return fmt.Sprintf("is about message %s, which nobody made", e.Marker)
	case first.Account != e.Account:
		return fmt.Sprintf("is about message %s, which entry %d made for another account", e.Marker, first.ID)
	case first.Outcome == target.Refused && e.Outcome == target.Acknowledged && !e.Again:
		return fmt.Sprintf("changed message %s, which was refused (entry %d)", e.Marker, first.ID)
	}
	return ""
}
