package traffic

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Op is one user-visible act.
type Op string

// The operations that traffic knows.
const (
	OpDeliver Op = "deliver" // LMTP
	OpAppend  Op = "append"  // IMAP APPEND
	OpExpunge Op = "expunge" // IMAP STORE \Deleted and UID EXPUNGE
)

// Entry is one operation on one message, as its client knows it.
type Entry struct {
	ID         int            `json:"id"`      // from 1, in the order of sending
	Session    string         `json:"session"` // operations of one session are in order
	Op         Op             `json:"op"`
	Account    string         `json:"account"`
	Mailbox    string         `json:"mailbox"`
	Marker     string         `json:"marker"` // which message
	Server     string         `json:"server"` // who was asked
	SentAt     time.Time      `json:"sent_at"`
	AnsweredAt time.Time      `json:"answered_at,omitzero"`
	Outcome    target.Outcome `json:"outcome,omitempty"` // empty: sent, nothing known yet
	Answer     string         `json:"answer,omitempty"`  // the error, where there was one

	// Of the operations that make a message:
	Flags        []string  `json:"flags,omitempty"`
	InternalDate time.Time `json:"internaldate,omitzero"` // as asked for; zero: the server's own
	Bytes        int       `json:"bytes,omitempty"`       // as sent
	SentSHA1     string    `json:"sent_sha1,omitempty"`
}

// Message is what the ledger promises about one message.
type Message struct {
	Marker  string
	Account string
	Mailbox string
	// Stored is the outcome of the deliver or append that made it.
	Stored target.Outcome
	// Expunged is the outcome of its expunge, empty when nobody asked for one.
	// Where it was asked for more than once, the strongest outcome counts:
	// acknowledged before in doubt before refused.
	Expunged target.Outcome
	// Bytes and SentSHA1 are of the message as sent. A delivery adds header
	// fields above it, so what is read ends with these bytes.
	Bytes    int
	SentSHA1 string
	// BodySHA1 is of the whole message as the server first gave it back;
	// empty where it died before it was asked.
	BodySHA1 string
}

// Ledger records operations as they are sent and answered. It is safe for
// concurrent use. If it has a writer, each event goes there at once as a line
// of JSON, so that a killed drill leaves what it knew.
type Ledger struct {
	mu      sync.Mutex
	entries []Entry
	bodies  map[string]string // marker → digest of the body first read back
	out     *json.Encoder
	err     error
}

// NewLedger returns an empty ledger that writes its events to out, or nowhere
// if that is nil.
func NewLedger(out io.Writer) *Ledger {
	l := &Ledger{bodies: map[string]string{}}
	if out != nil {
		l.out = json.NewEncoder(out)
	}
	return l
}

// event is one line of ledger.jsonl.
type event struct {
	Event string `json:"event"` // "sent", "answered", "read-back"
	*Entry
	Read *readBack `json:"read,omitempty"`
}

type readBack struct {
	Marker   string `json:"marker"`
	BodySHA1 string `json:"body_sha1"`
}

// Sent records that an operation is about to be sent and returns its ID.
func (l *Ledger) Sent(e Entry) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.ID = len(l.entries) + 1
	e.Outcome, e.Answer, e.AnsweredAt = "", "", time.Time{}
	l.entries = append(l.entries, e)
	l.write(event{Event: "sent", Entry: &e})
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
	l.write(event{Event: "answered", Entry: e})
}

// ReadBack records the digest of a message as a server gave it. Only the first
// one counts: that is what the user was promised.
func (l *Ledger) ReadBack(marker, bodySHA1 string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.bodies[marker]; known {
		return
	}
	l.bodies[marker] = bodySHA1
	l.write(event{Event: "read-back", Read: &readBack{marker, bodySHA1}})
}

func (l *Ledger) write(e event) {
	if l.out == nil || l.err != nil {
		return
	}
	if err := l.out.Encode(e); err != nil {
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

// Messages returns what the ledger promises, in the order in which the
// messages were sent. An entry without an answer counts as in doubt.
func (l *Ledger) Messages() []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	var messages []Message
	at := map[string]int{}
	for _, e := range l.entries {
		outcome := e.Outcome
		if outcome == "" {
			outcome = target.InDoubt
		}
		if e.Op != OpExpunge {
			at[e.Marker] = len(messages)
			messages = append(messages, Message{
				Marker: e.Marker, Account: e.Account, Mailbox: e.Mailbox, Stored: outcome,
				Bytes: e.Bytes, SentSHA1: e.SentSHA1, BodySHA1: l.bodies[e.Marker],
			})
			continue
		}
		if i, known := at[e.Marker]; known {
			messages[i].Expunged = stronger(messages[i].Expunged, outcome)
		}
	}
	return messages
}

func stronger(a, b target.Outcome) target.Outcome {
	rank := []target.Outcome{"", target.Refused, target.InDoubt, target.Acknowledged}
	if slices.Index(rank, b) > slices.Index(rank, a) {
		return b
	}
	return a
}

// Check looks for contradictions in the ledger itself. They are the harness's
// fault, and no verdict can rest on such a ledger.
func (l *Ledger) Check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	stored := map[string]Entry{}
	for _, e := range l.entries {
		first, known := stored[e.Marker]
		switch {
		case e.Marker == "":
			errs = append(errs, fmt.Errorf("entry %d (%s) has no marker", e.ID, e.Op))
		case e.Op != OpExpunge && known:
			errs = append(errs, fmt.Errorf("entry %d makes message %s, which entry %d made", e.ID, e.Marker, first.ID))
		case e.Op != OpExpunge:
			stored[e.Marker] = e
		case !known:
			errs = append(errs, fmt.Errorf("entry %d expunges message %s, which nobody made", e.ID, e.Marker))
		case first.Account != e.Account || first.Mailbox != e.Mailbox:
			errs = append(errs, fmt.Errorf("entry %d expunges message %s in another mailbox than entry %d put it", e.ID, e.Marker, first.ID))
		case first.Outcome == target.Refused && e.Outcome == target.Acknowledged:
			errs = append(errs, fmt.Errorf("entry %d expunged message %s, which was refused (entry %d)", e.ID, e.Marker, first.ID))
		}
		if !e.AnsweredAt.IsZero() && e.AnsweredAt.Before(e.SentAt) {
			errs = append(errs, fmt.Errorf("entry %d was answered before it was sent", e.ID))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("the ledger contradicts itself, which is a fault of the harness: %w", errors.Join(errs...))
	}
	return nil
}
