package detect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// kept is an index view that holds mailboxes, and does what servers do to their askers.
type kept struct {
	mailboxes []target.Mailbox
	meta      target.Meta
	renamed   map[string]string // by name, the unique ID that is told in the list, before it is read
	refused   map[string]error  // by name
	gone      map[string]bool   // deleted after it was listed
	disorder  bool              // records are told from the last to the first
	asked     bool              // for one that is gone
	whole     int               // how many mailboxes were asked for as a whole
}

func (k *kept) Mailboxes(context.Context, string) ([]target.Mailbox, error) {
	if err := k.refused[""]; err != nil {
		return nil, err
	}
	var told []target.Mailbox
	for _, m := range k.mailboxes {
		if k.asked && k.gone[m.Name] {
			continue
		}
		if id, ok := k.renamed[m.Name]; ok {
			m.UniqueID = id
		}
		m.Records = nil
		told = append(told, m)
	}
	k.asked = false
	return told, nil
}

func (k *kept) Mailbox(_ context.Context, _, mailbox string) (target.Mailbox, error) {
	k.whole++
	return k.read(mailbox)
}

func (k *kept) read(mailbox string) (target.Mailbox, error) {
	if k.gone[mailbox] {
		k.asked = true
		return target.Mailbox{}, &target.RefusedError{Command: "GET FULLMAILBOX", Status: "NO", Code: "IMAP_MAILBOX_NONEXISTENT"}
	}
	if err := k.refused[mailbox]; err != nil {
		return target.Mailbox{}, err
	}
	i := slices.IndexFunc(k.mailboxes, func(m target.Mailbox) bool { return m.Name == mailbox })
	return k.mailboxes[i], nil
}

func (k *kept) Meta(context.Context, string) (target.Meta, error) { return k.meta, k.refused["meta"] }

// flowing is a [kept] that can be streamed. A stream breaks after as many records as cut,
// if it is above 0.
type flowing struct {
	*kept
	cut int
}

func (f flowing) StreamMailbox(_ context.Context, _, mailbox string) target.MailboxStream {
	m, err := f.read(mailbox)
	s := &flow{left: slices.Clone(m.Records), header: m, end: err, cut: f.cut}
	if f.disorder {
		slices.Reverse(s.left)
	}
	s.header.Records = nil
	return s
}

type flow struct {
	left   []target.Record
	header target.Mailbox
	end    error
	cut    int
	over   bool
}

func (f *flow) Next() (record target.Record, more bool, err error) {
	if f.cut--; f.cut == 0 {
		f.end = fmt.Errorf("reading the answer: %w", io.EOF)
	}
	if f.end != nil {
		return record, false, f.end
	}
	if len(f.left) == 0 {
		f.over = true
		return record, false, nil
	}
	record, f.left = f.left[0], f.left[1:]
	return record, true, nil
}

func (f *flow) Mailbox() target.Mailbox {
	if !f.over {
		return target.Mailbox{}
	}
	return f.header
}

func (f *flow) Close() {}

// viewed is a server with another index view.
type viewed struct {
	target.Server
	index target.IndexView
}

func (v viewed) Index() target.IndexView { return v.index }

// looker runs index-compare over two index views of a pair that is otherwise well.
type looker struct{ pair target.Pair }

func newLooker(t *testing.T) looker {
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	must(t, err)
	return looker{pair}
}

func (l looker) compare(ctx context.Context, master target.ServerName, a, b target.IndexView) ([]detect.Finding, error) {
	return detect.IndexCompare{}.Detect(ctx, detect.Scene{
		Clock: l.pair.Clock(), Executor: l.pair.Executor(), Accounts: []string{"alice"}, Master: master,
		Sides: []detect.Side{
			detect.LiveSide(viewed{l.pair.Server(target.Imap1), a}), detect.LiveSide(viewed{l.pair.Server(target.Imap2), b}),
		},
	})
}

// Whatever two servers have, a comparison in lockstep finds what one of whole mailboxes
// finds, word for word.
func TestLockstepFindsTheSame(t *testing.T) {
	l := newLooker(t)
	found := 0
	rapid.Check(t, func(rt *rapid.T) {
		sides := drawSides(rt)
		master := rapid.SampledFrom([]target.ServerName{"", target.Imap1, target.Imap2}).Draw(rt, "master")
		want, wantErr := l.compare(t.Context(), master, sides[0], sides[1])
		got, err := l.compare(t.Context(), master, flowing{kept: sides[0]}, flowing{kept: sides[1]})
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			rt.Fatalf("got %v, want %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(detect.Finding{}, "FoundAt")); diff != "" {
			rt.Fatal(diff)
		}
		found += len(want)
	})
	if found == 0 {
		t.Error("nothing differed in all that was drawn")
	}
}

// draw returns a number of so many bits, each as likely as any other: rapid's own numbers
// are small ones mostly.
func draw(rt *rapid.T, bits int, what string) (number int) {
	for range bits {
		number *= 2
		if rapid.Bool().Draw(rt, what) {
			number++
		}
	}
	return number
}

// drawSides draws two indexes that have most things alike.
func drawSides(rt *rapid.T) (sides [2]*kept) {
	for i := range sides {
		sides[i] = &kept{renamed: map[string]string{}, refused: map[string]error{}, gone: map[string]bool{}}
	}
	for _, name := range []string{"INBOX", "INBOX/A", "INBOX/B"} {
		both := drawMailboxes(rt, name)
		for i, side := range sides {
			side.mailboxes = append(side.mailboxes, both[i])
			switch draw(rt, 5, "mailbox") {
			case 1:
				side.mailboxes = side.mailboxes[:len(side.mailboxes)-1]
			case 2:
				side.mailboxes = side.mailboxes[:len(side.mailboxes)-1]
				side.meta.Deleted = append(side.meta.Deleted, both[i].UniqueID)
			case 3:
				side.gone[name] = true
			case 4:
				side.refused[name] = &target.RefusedError{Command: "GET FULLMAILBOX", Status: "NO", Text: name + " is bad"}
			case 5:
				side.renamed[name] = []string{"INBOX", "INBOX/A", "another", "INBOX/B"}[draw(rt, 2, "told ID")]
			}
		}
	}
	for _, side := range sides {
		switch draw(rt, 5, "side") {
		case 1:
			side.disorder = true
		case 2:
			side.refused[""] = &target.RefusedError{Command: "GET USER", Status: "BYE", Text: "no"}
		case 3:
			side.refused["meta"] = &target.RefusedError{Command: "GET META", Status: "NO", Text: "no"}
		}
	}
	return sides
}

// drawMailboxes draws one mailbox on both sides.
func drawMailboxes(rt *rapid.T, name string) (both [2]target.Mailbox) {
	last := uint32(0)
	for i := range both {
		both[i] = target.Mailbox{Name: name, UniqueID: name, UIDValidity: 1, HighestModSeq: 50, ACL: "alice lr"}
	}
	for range draw(rt, 3, "messages") {
		last += uint32(1 + draw(rt, 1, "gap"))
		a := record(last, string(rune('a'+draw(rt, 2, "GUID"))), uint64(1+draw(rt, 3, "modseq")))
		a.Expunged = rapid.Bool().Draw(rt, "expunged")
		for i, r := range drawPair(rt, a) {
			if r != nil {
				both[i].Records = append(both[i].Records, *r)
			}
		}
	}
	for i := range both {
		both[i].LastUID = last
		changeHeader(rt, &both[i])
	}
	return both
}

func changeHeader(rt *rapid.T, m *target.Mailbox) {
	switch draw(rt, 4, "header") {
	case 1:
		m.LastUID += uint32(draw(rt, 2, "LAST_UID"))
	case 2:
		m.LastUID = uint32(draw(rt, 2, "LAST_UID"))
	case 3:
		m.UIDValidity++
	case 4:
		m.HighestModSeq++
	case 5:
		m.UniqueID = []string{"INBOX", "INBOX/A", "INBOX/B", "other"}[draw(rt, 2, "unique ID")]
	}
}

// drawPair returns what the two sides have of a message.
func drawPair(rt *rapid.T, a target.Record) [2]*target.Record {
	b := a
	switch draw(rt, 4, "difference") {
	case 1:
		return [2]*target.Record{&a, nil}
	case 2:
		return [2]*target.Record{nil, &b}
	case 3:
		b.GUID += "x"
	case 4:
		b.Flags = []string{`\Seen`}
	case 5:
		b.InternalDate = b.InternalDate.Add(time.Hour)
	case 6:
		b.ModSeq++
	case 7:
		b.Expunged = !b.Expunged
	case 8:
		b.Size++ // which is compared nowhere
	}
	if rapid.Bool().Draw(rt, "the other way round") {
		a, b = b, a
	}
	return [2]*target.Record{&a, &b}
}

// Where both can be read in order, no mailbox is asked for as a whole.
func TestLockstepHoldsNoMailbox(t *testing.T) {
	l := newLooker(t)
	a, b := &kept{}, &kept{}
	a.mailboxes = []target.Mailbox{inbox(3, record(1, "a", 1), record(2, "b", 2), record(3, "c", 3))}
	b.mailboxes = []target.Mailbox{inbox(3, record(1, "a", 1), record(3, "c", 3))}
	found, err := l.compare(t.Context(), target.Imap1, flowing{kept: a}, flowing{kept: b})
	must(t, err)
	if diff := cmp.Diff([]string{"message-missing|imap2|alice|INBOX|2||imap1"}, keys(found)); diff != "" || a.whole+b.whole > 0 {
		t.Errorf("%s%d mailboxes were read whole", diff, a.whole+b.whole)
	}
}

// A server that dies while it tells of its records has told nothing: that the rest is
// missing there must not be said, nor anything else.
func TestLockstepTakesNoEndForAnAnswer(t *testing.T) {
	l := newLooker(t)
	side := func(lastUID uint32) *kept {
		return &kept{mailboxes: []target.Mailbox{inbox(lastUID, record(1, "a", 1), record(2, "b", 2), record(3, "c", 3))}}
	}
	for cut := 1; cut <= 4; cut++ { // the fourth: after the last record, before the end
		for broken, name := range []string{"imap1", "imap2"} {
			views := [2]target.IndexView{flowing{kept: side(3)}, flowing{kept: side(4)}}
			views[broken] = flowing{kept: side(3), cut: cut}
			found, err := l.compare(t.Context(), target.Imap1, views[0], views[1])
			if !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "alice on "+name) || len(found) > 0 {
				t.Errorf("%s broke after %d records: %v, %v", name, cut-1, brief(found), err)
			}
		}
	}
}
