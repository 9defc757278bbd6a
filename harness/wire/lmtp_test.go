package wire

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

var lmtpHello = []string{
	"S: 220 imap1 Cyrus LMTP 3.6.1-Debian-3.6.1-4+deb12u5 server ready", "C: LHLO localhost",
	"S: 250-imap1", "S: 250-8BITMIME", "S: 250-ENHANCEDSTATUSCODES", "S: 250-PIPELINING", "S: 250 Ok SESSIONID=<cyrus-1>",
}

var (
	lmtpMail = []string{"C: MAIL FROM:<> BODY=8BITMIME", "S: 250 2.1.0 ok"}
	lmtpRcpt = []string{"C: RCPT TO:<alice>", "S: 250 2.1.5 ok"}
	lmtpData = []string{"C: DATA", "S: 354 go ahead"}
	lmtpText = []string{"C: Subject: x", "C:", "C: ..", "C: ."}
)

const lmtpMessage = "Subject: x\r\n\r\n.\r\n"

func TestDeliverOutcomes(t *testing.T) {
	upToDot := wiretest.Lines(lmtpHello, lmtpMail, lmtpRcpt, lmtpData, lmtpText)
	before := map[string]string{"S: 550 5.1.1 no": "refused 550", "S: 452 4.2.2 no": "refused 452", "S: 421 4.3.0 no": "refused 421", "close": "unreachable", "pause": "unreachable"}
	for _, test := range []struct {
		name  string
		until []string
		want  map[string]string
	}{
		{"greeting", nil, before},
		{"LHLO", lmtpHello[:2], before},
		{"MAIL", wiretest.Lines(lmtpHello, lmtpMail[:1]), before},
		{"RCPT", wiretest.Lines(lmtpHello, lmtpMail, lmtpRcpt[:1]), before},
		{"DATA", wiretest.Lines(lmtpHello, lmtpMail, lmtpRcpt, lmtpData[:1]), before},
		{"dot", upToDot, map[string]string{
			"S: 250 2.1.5 Success": "ok", "S: 550 5.7.1 no": "refused 550", "S: 451 4.3.0 no": "refused 451",
			"S: 421 4.3.0 lmtpd: fatal": "in doubt", "S: 354 what": "in doubt", "close": "in doubt", "pause": "in doubt",
		}},
	} {
		for answer, want := range test.want {
			synctest.Test(t, func(t *testing.T) {
				err := deliverOnce(soon(t), t, wiretest.Lines(test.until, []string{answer}), lmtpMessage)
				if got := kindOf(err); got != want {
					t.Errorf("%s, %q: %s, want %s (%v)", test.name, answer, got, want, err)
				}
				if answer == "pause" && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: the context's end is not in %v", test.name, err)
				}
			})
		}
	}
}

func deliverOnce(ctx context.Context, t *testing.T, conversation []string, message string) error {
	l, err := NewLMTP(ctx, wiretest.Talk(t, conversation...), testPeer)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	return l.Deliver(ctx, "alice", []byte(message))
}

// Most of a message may be on its way: without the dot it is none.
func TestDeliverCutOffBeforeTheDot(t *testing.T) {
	until := wiretest.Lines(lmtpHello, lmtpMail, lmtpRcpt, lmtpData, []string{"C: Subject: x"})
	long := "Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 10_000)
	for _, end := range []string{"close", "pause"} {
		synctest.Test(t, func(t *testing.T) {
			err := deliverOnce(soon(t), t, wiretest.Lines(until, []string{end}), long)
			if got := kindOf(err); got != "unreachable" || target.OutcomeOf(err) != target.Refused {
				t.Errorf("%s: %s (%v)", end, got, err)
			}
		})
	}
}

func TestDeliverTwiceOnOneConnection(t *testing.T) {
	once := wiretest.Lines(lmtpMail, lmtpRcpt, lmtpData, lmtpText, []string{"S: 250 2.1.5 Success"})
	synctest.Test(t, func(t *testing.T) {
		l, err := NewLMTP(soon(t), wiretest.Talk(t, wiretest.Lines(lmtpHello, once, once, []string{"C: QUIT", "close"})...), testPeer)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := l.Deliver(soon(t), "alice", []byte(lmtpMessage)); err != nil {
				t.Error(err)
			}
		}
		_ = l.Close()
	})
}
