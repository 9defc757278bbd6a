package property

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Filing is where one probe went.
type Filing struct {
	Marker, Topic   string
	Expected, Found string // mailboxes; Found is empty where it is nowhere
	Err             error  // why that is not known
}

// Probe delivers one message for each of [traffic.Topics] to each account whose
// rules are known, sees where it was filed, and expunges it again. The error is
// ctx's, or the harness's own; failures of the server are kept in the filings.
func Probe(ctx context.Context, pair target.Pair, accounts []traffic.Account) (map[string][]Filing, error) {
	names, sources := []string{}, map[string]string{}
	for _, a := range accounts {
		if probed(a) {
			names = append(names, a.Name)
			sources[a.Name], _ = a.ActiveSource()
		}
	}
	return gather(ctx, pair.Executor(), names, func(ctx context.Context, account string) ([]Filing, error) {
		p := newProber(pair, pair.Serving(), account)
		defer p.visit.close()
		var filings []Filing
		for _, topic := range traffic.Topics() {
			filing, err := p.file(ctx, topic, sources[account])
			if err != nil {
				return filings, fmt.Errorf("probing the rules of %s: %w", account, err)
			}
			filings = append(filings, filing)
		}
		return filings, nil
	})
}

// prober delivers messages that no user was promised, finds them, and removes
// them.
type prober struct {
	clock   target.Clock
	server  target.Server
	account string
	visit   *visitor
	filer   *traffic.Filer
}

func newProber(pair target.Pair, server target.Server, account string) *prober {
	return &prober{clock: pair.Clock(), server: server, account: account, visit: &visitor{clock: pair.Clock(), server: server, account: account}, filer: traffic.NewFiler()}
}

// message writes a probe that no probe before it resembles, so that no server
// takes it for a duplicate.
func (p *prober) message(topic string) (marker string, body []byte) {
	now := p.clock.Now()
	marker = fmt.Sprintf("probe-%s-%s-%x", p.account, topic, now.UnixNano())
	lines := []string{
		"From: probe@drill.example", "To: " + p.account + "@drill.example", "Date: " + now.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"),
		"Message-ID: <" + marker + "@drill.example>", traffic.MarkerField + ": " + marker, "Subject: probe",
	}
	if topic != "" {
		lines = append(lines, traffic.TopicField+": "+topic)
	}
	return marker, []byte(strings.Join(lines, "\r\n") + "\r\n\r\nprobe\r\n")
}

func (p *prober) file(ctx context.Context, topic, source string) (Filing, error) {
	marker, body := p.message(topic)
	expected, err := p.filer.FileInto(ctx, source, body)
	if err != nil {
		return Filing{}, err
	}
	filing := Filing{Marker: marker, Topic: topic, Expected: expected}
	var uid uint32
	if filing.Err = p.deliver(ctx, body); filing.Err == nil {
		filing.Found, uid, filing.Err = p.locate(ctx, marker, expected)
	}
	p.remove(ctx, filing.Found, uid)
	return filing, ctx.Err()
}

func (p *prober) deliver(ctx context.Context, body []byte) error {
	ctx, cancel := target.Within(ctx, p.clock, answerWithin)
	defer cancel()
	return p.server.User().Deliver(ctx, p.account, body)
}

// locate finds a probe in the mailboxes that its user sees, the expected one
// first.
func (p *prober) locate(ctx context.Context, marker, expected string) (mailbox string, uid uint32, err error) {
	names, err := p.visit.list(ctx)
	if err != nil {
		return "", 0, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !target.IsOwn(name) })
	if i := slices.Index(names, expected); i > 0 {
		names = append([]string{expected}, slices.Delete(names, i, i+1)...)
	}
	var unread error
	for _, name := range names {
		uid, err := p.visit.marked(ctx, name, marker)
		if err != nil {
			unread = err // it may be there, or in another one
		} else if uid != 0 {
			return name, uid, nil
		}
	}
	return "", 0, unread
}

// marked returns the UID of the message with the marker; 0: none.
func (v *visitor) marked(ctx context.Context, mailbox, marker string) (found uint32, err error) {
	err = v.ask(ctx, func(ctx context.Context, session target.Session) error {
		markers, err := session.Header(ctx, mailbox, traffic.MarkerField, nil)
		for uid, m := range markers {
			if m == marker {
				found = uid
			}
		}
		return err
	})
	return found, err
}

// remove expunges a probe. One that stays is no message of the drill, and so
// nobody's promise.
func (p *prober) remove(ctx context.Context, mailbox string, uid uint32) {
	if uid != 0 {
		_ = p.visit.ask(ctx, func(ctx context.Context, session target.Session) error {
			return session.Expunge(ctx, mailbox, []uint32{uid})
		})
	}
}
