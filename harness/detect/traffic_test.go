package detect_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// busy lets an account's user work until the time is over: messages come, are moved,
// flagged, copied and expunged, mailboxes come and go.
func busy(pair target.Pair, account string, until time.Time, pause time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		session, err := pair.Serving().User().Login(ctx, account)
		if err != nil {
			return err
		}
		defer session.Close() // what matters has been answered
		for i := 0; pair.Clock().Now().Before(until); i++ {
			body := fmt.Appendf(nil, "Message-ID: <%s-%d@drill.example>\r\nSubject: %d\r\n\r\nText.\r\n", account, i, i)
			_, uids, err := session.Append(ctx, "INBOX", target.AppendMessage{Body: body}, target.AppendMessage{Body: append(body, "more\r\n"...)})
			if err != nil {
				return err
			}
			name := fmt.Sprintf("INBOX/%d", i/4)
			switch i % 4 {
			case 0:
				err = session.CreateMailbox(ctx, name)
			case 1:
				err = session.Move(ctx, "INBOX", uids[:1], name)
			case 2:
				err = session.Expunge(ctx, "INBOX", uids[1:])
			case 3:
				err = session.DeleteMailbox(ctx, name)
			}
			if err != nil {
				return err
			}
			if err := pair.Clock().Sleep(ctx, pause); err != nil {
				return err
			}
		}
		return nil
	}
}

// quiet lets detectors look at a pair that is well, again and again until the time is
// over, and wants none of them to find anything.
func quiet(t *testing.T, pair target.Pair, until time.Time, detectors ...detect.Detector) func(context.Context) error {
	return func(ctx context.Context) error {
		looks := 0
		for ; pair.Clock().Now().Before(until); looks++ {
			found, err := look(ctx, pair, detectors...)
			if err != nil {
				return err
			}
			for _, f := range found {
				t.Errorf("a false alarm: %v", f)
			}
		}
		t.Logf("%d looks", looks)
		return nil
	}
}

func TestHostDetectorsGiveNoFalseAlarmUnderTraffic(t *testing.T) {
	for _, interval := range []time.Duration{0, 3 * time.Second} {
		t.Run(interval.String(), func(t *testing.T) {
			pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts, RepeatInterval: interval})
			if err != nil {
				t.Fatal(err)
			}
			furnish(t, pair)
			until := pair.Clock().Now().Add(2 * time.Minute)
			const pause = 80 * time.Millisecond // two operations in each of some 100 ms, of two accounts
			err = pair.Executor().Run(t.Context(), busy(pair, "alice", until, pause), busy(pair, "bob", until, pause),
				quiet(t, pair, until, detect.SpoolCheck{}, detect.Health{}, detect.BodySample{Share: 0.5}))
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHostDetectorsGiveNoFalseAlarmOnRealServersUnderTraffic(t *testing.T) {
	pair := cyrustest.Pair(t, target.Spec{Suite: *suite, Accounts: accounts})
	furnishAll(t, pair)
	const while, pause = 20 * time.Second, 50 * time.Millisecond
	until := pair.Clock().Now().Add(while)
	err := pair.Executor().Run(t.Context(), busy(pair, "alice", until, pause), busy(pair, "bob", until, pause),
		quiet(t, pair, until, detect.SpoolCheck{}, detect.Health{}, detect.BodySample{Share: 0.5}))
	if err != nil {
		t.Error(err)
	}
}
