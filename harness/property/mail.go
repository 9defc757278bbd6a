package property

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/rfc5322"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Mail is what the accounts' users can read on one server.
type Mail struct {
	Server    target.ServerName
	Mailboxes map[MailboxID]*ReadMailbox
}

// MailboxID names a mailbox of an account.
type MailboxID struct{ Account, Mailbox string }

// ReadMailbox is what one user got of one mailbox.
type ReadMailbox struct {
	// Refused is the server's definite no (or nobody there): the mail in it
	// cannot be read.
	Refused error
	// Unknown is any other failure to read, a timeout above all: it proves
	// nothing about the mail.
	Unknown error
	// Absent: the server says that there is no such mailbox, and does not list
	// it. Then it is not Refused: there is nothing in it that could be read.
	Absent   bool
	Messages []ReadMessage
	// Counters are zero where the server did not tell them.
	Counters target.Counters
}

// ReadMessage is one message as the user got it.
type ReadMessage struct {
	UID      uint32
	Marker   string // empty: no message of the drill
	Body     bool   // false: the server listed it and could not give it
	BodySHA1 string
	// AsSent: it ends with the very bytes that the client sent. Above them,
	// delivery adds header fields.
	AsSent       bool
	Flags        []string
	InternalDate time.Time
	ModSeq       uint64 // 0: the server told none
}

// ReadMail reads, as its users would, each mailbox that promises or accounts
// name, since one that has vanished is not listed, and each other one of theirs
// that is. Each account has one session; accounts are read side by side. The
// error is ctx's; failures of the server are kept in the mailboxes.
func ReadMail(ctx context.Context, pair target.Pair, server target.Server, promises []traffic.Message, accounts []traffic.Account) (Mail, error) {
	reader := mailReader{clock: pair.Clock(), server: server, named: namedMailboxes(promises, accounts), sent: make(map[string]traffic.Message, len(promises))}
	for _, m := range promises {
		reader.sent[m.Marker] = m
	}
	all, err := gather(ctx, pair.Executor(), slices.Sorted(maps.Keys(reader.named)), reader.read)
	read := Mail{Server: server.Name(), Mailboxes: map[MailboxID]*ReadMailbox{}}
	for _, boxes := range all {
		maps.Copy(read.Mailboxes, boxes)
	}
	return read, err
}

// namedMailboxes returns the mailboxes that promises or accounts name, by
// account, also those that they may be called instead.
func namedMailboxes(promises []traffic.Message, accounts []traffic.Account) map[string]map[string]bool {
	named := map[string]map[string]bool{}
	add := func(account string, mailboxes ...string) {
		if named[account] == nil {
			named[account] = map[string]bool{}
		}
		for _, mailbox := range mailboxes {
			if mailbox != "" {
				named[account][mailbox] = true
			}
		}
	}
	for _, m := range promises {
		add(m.Account, m.Mailbox, m.OrIn)
	}
	for _, a := range accounts {
		add(a.Name)
		for _, m := range a.Mailboxes {
			add(a.Name, m.Name, m.OrName)
		}
	}
	return named
}

// mailReader reads accounts' mail.
type mailReader struct {
	clock  target.Clock
	server target.Server
	named  map[string]map[string]bool
	sent   map[string]traffic.Message // by marker
}

func (r mailReader) read(ctx context.Context, account string) (map[MailboxID]*ReadMailbox, error) {
	visit := &visitor{clock: r.clock, server: r.server, account: account}
	defer visit.close()
	listed, listErr := visit.list(ctx)
	names := maps.Clone(r.named[account])
	for _, name := range listed {
		if target.IsOwn(name) {
			names[name] = true
		}
	}
	boxes := map[MailboxID]*ReadMailbox{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		box := r.readMailbox(ctx, visit, name)
		if saysAbsent(box.Refused) && listErr == nil && !slices.Contains(listed, name) {
			box = &ReadMailbox{Absent: true}
		}
		boxes[MailboxID{account, name}] = box
		if ctx.Err() != nil {
			return boxes, fmt.Errorf("reading %s of %s on %s: %w", name, account, r.server.Name(), ctx.Err())
		}
	}
	return boxes, nil
}

func (r mailReader) readMailbox(ctx context.Context, visit *visitor, name string) *ReadMailbox {
	box := &ReadMailbox{}
	err := visit.ask(ctx, func(ctx context.Context, session target.Session) error {
		records, err := session.Records(ctx, name)
		if err != nil {
			return err
		}
		next := 0
		return target.DigestedBodies(ctx, session, name, nil, func(uid uint32, body []byte, sha1 string) error {
			message := r.readMessage(uid, body, sha1)
			for next < len(records) && records[next].UID < uid {
				next++
			}
			if next < len(records) && records[next].UID == uid {
				message.Flags, message.InternalDate, message.ModSeq = records[next].Flags, records[next].InternalDate, records[next].ModSeq
			}
			box.Messages = append(box.Messages, message)
			return nil
		})
	})
	switch {
	case err == nil:
		_ = visit.ask(ctx, func(ctx context.Context, session target.Session) (err error) {
			box.Counters, err = session.Status(ctx, name)
			return err
		})
	case isRefusal(err):
		box.Refused = err
	default:
		box.Unknown = err
	}
	return box
}

func (r mailReader) readMessage(uid uint32, body []byte, sha1 string) ReadMessage {
	m := ReadMessage{UID: uid, Marker: markerOf(body), Body: body != nil, BodySHA1: sha1}
	promise, known := r.sent[m.Marker]
	switch {
	case !known || len(body) < promise.Bytes:
	case len(body) == promise.Bytes:
		m.AsSent = sha1 == promise.SentSHA1
	default:
		m.AsSent = target.DigestBody(body[len(body)-promise.Bytes:]) == promise.SentSHA1
	}
	return m
}

// markerOf returns the marker of a message of the drill, empty for another.
func markerOf(body []byte) string {
	marker, _ := rfc5322.Field(body, traffic.MarkerField)
	return marker
}

// ids returns the mailboxes that were read, in order.
func (m Mail) ids() []MailboxID {
	return slices.SortedFunc(maps.Keys(m.Mailboxes), func(a, b MailboxID) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Mailbox, b.Mailbox))
	})
}

// place says where a message is.
func (m Mail) place(id MailboxID, uid uint32) target.Place {
	return target.Place{Server: m.Server, Account: id.Account, Mailbox: id.Mailbox, UID: uid}
}

// spot is a message's place, whatever its UID.
type spot struct{ account, mailbox, marker string }

// reading is the mail, to be searched.
type reading struct {
	Mail
	by map[spot][]ReadMessage
}

func (m Mail) search() reading {
	all := 0
	for _, box := range m.Mailboxes {
		all += len(box.Messages)
	}
	r := reading{Mail: m, by: make(map[spot][]ReadMessage, all)}
	for id, box := range m.Mailboxes {
		for i, message := range box.Messages {
			at := spot{id.Account, id.Mailbox, message.Marker}
			if double := r.by[at]; double != nil {
				r.by[at] = append(double, message)
			} else {
				r.by[at] = box.Messages[i : i+1 : i+1] // as it is nearly always
			}
		}
	}
	return r
}

// find returns the messages that carry the promise's marker in its mailbox, or
// else in the one that it may be in instead. Where there are none, the mailbox
// is the one of both that tells least.
func (r reading) find(promise traffic.Message) (found []ReadMessage, box *ReadMailbox) {
	found, box = r.findIn(promise, promise.Mailbox)
	if len(found) > 0 || promise.OrIn == "" {
		return found, box
	}
	instead, other := r.findIn(promise, promise.OrIn)
	if len(instead) > 0 || other.silence() > box.silence() {
		return instead, other
	}
	return found, box
}

func (r reading) findIn(promise traffic.Message, mailbox string) (found []ReadMessage, box *ReadMailbox) {
	box, ok := r.Mailboxes[MailboxID{promise.Account, mailbox}]
	if !ok {
		return nil, &ReadMailbox{Unknown: errors.New("the mailbox was not read")}
	}
	return r.by[spot{promise.Account, mailbox, promise.Marker}], box
}

// silence orders mailboxes by how little they tell of what is in them.
func (b *ReadMailbox) silence() int {
	switch {
	case b.Unknown != nil:
		return 3
	case b.Refused != nil:
		return 2
	case b.Absent:
		return 0
	}
	return 1
}
