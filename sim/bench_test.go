package sim_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func BenchmarkDeliver(b *testing.B) {
	p := newPair(b, 1)
	for i := 0; b.Loop(); i++ {
		deliver(b, p.Serving(), "alice", fmt.Sprint(i))
		if i%1000 == 999 {
			b.StopTimer()
			if err := p.Reset(b.Context(), []string{"alice", "bob"}); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
}

func BenchmarkReset(b *testing.B) {
	p := newPair(b, 1)
	for b.Loop() {
		if err := p.Reset(b.Context(), []string{"alice", "bob"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMailbox fills one mailbox, message by message, and does to it whatever
// can be done to one. Each figure is the time for one of its messages, so it shows
// by how much that grows with the mailbox.
func BenchmarkMailbox(b *testing.B) {
	for _, messages := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(messages), func(b *testing.B) {
			spent := map[string]time.Duration{}
			for b.Loop() {
				life := mailboxLife{b: b, pair: newPair(b, 1), messages: messages, spent: spent}
				life.session = login(b, life.pair.Serving(), "alice")
				life.live()
			}
			for what, took := range spent {
				b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/float64(messages), what+"-ns/msg")
			}
		})
	}
}

// mailboxLife is one mailbox from its first message to its last.
type mailboxLife struct {
	b        *testing.B
	pair     target.Pair
	session  target.Session
	messages int
	spent    map[string]time.Duration
}

func (l *mailboxLife) live() {
	master, operator := l.pair.Serving(), l.pair.Operator()
	l.timed("deliver", l.each(func(uid uint32) error { return master.User().Deliver(l.b.Context(), "alice", message(fmt.Sprint(uid))) }))
	l.timed("flag", l.each(func(uid uint32) error {
		return l.session.SetFlags(l.b.Context(), "INBOX", []uint32{uid}, []string{`\Seen`}, nil)
	}))
	pass(l.b, l.pair, time.Minute)
	l.timed("records", func() error { return second(l.session.Records(l.b.Context(), "INBOX")) })
	l.timed("bodies", func() error {
		return l.session.Bodies(l.b.Context(), "INBOX", nil, func(uint32, []byte) error { return nil })
	})
	l.timed("snapshot", func() error { return second(target.TakeSnapshot(l.b.Context(), master, "alice", target.LevelBody)) })
	if err := l.session.CreateMailbox(l.b.Context(), "INBOX/Copy"); err != nil {
		l.b.Fatal(err)
	}
	l.timed("copy", func() error { return l.session.Copy(l.b.Context(), "INBOX", l.uids(), "INBOX/Copy") })
	l.timed("replicate", func() error { return l.pair.Clock().Sleep(l.b.Context(), time.Minute) })
	saboteur, _ := l.pair.Saboteur().(target.IndexSaboteur)
	if _, err := saboteur.TruncateIndex(l.b.Context(), target.Imap1, "alice", "INBOX/Copy"); err != nil {
		l.b.Fatal(err)
	}
	l.timed("reconstruct", func() error { return second(operator.Reconstruct(l.b.Context(), target.Imap1, "alice", "INBOX/Copy")) })
	l.timed("full-update", func() error { return l.pair.Clock().Sleep(l.b.Context(), time.Minute) })
	l.timed("expunge", l.each(func(uid uint32) error { return l.session.Expunge(l.b.Context(), "INBOX", []uint32{uid}) }))
	l.timed("expire", func() error { return second(operator.Expire(l.b.Context(), target.Imap1)) })
	if records, err := l.session.Records(l.b.Context(), "INBOX"); err != nil || len(records) != 0 {
		l.b.Fatalf("%d messages are left, %v", len(records), err)
	}
}

func (l *mailboxLife) uids() []uint32 {
	uids := make([]uint32, l.messages)
	for i := range uids {
		uids[i] = uint32(i + 1)
	}
	return uids
}

func (l *mailboxLife) each(do func(uid uint32) error) func() error {
	return func() error {
		for _, uid := range l.uids() {
			if err := do(uid); err != nil {
				return err
			}
		}
		return nil
	}
}

func (l *mailboxLife) timed(what string, do func() error) {
	began := processorTime(l.b)
	if err := do(); err != nil {
		l.b.Fatalf("%s: %v", what, err)
	}
	l.spent[what] += processorTime(l.b) - began
}

// processorTime is how long the process has kept a core busy so far: on a machine
// that is busy otherwise, what passes on the clock says little.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
