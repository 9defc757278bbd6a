package salvage_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/gauge"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/salvage"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// How much is lost.
const (
	manyMessages = 10_000
	fourAccounts = 4
	lostMessages = 1_000
)

// BenchmarkRestore restores 10,000 messages of 2 KB with flags and dates that the serving
// server lacks, from a plan that is made: into one mailbox, and into those of four
// accounts. In each round, and outside of its time, a bare client writes the same messages
// to other accounts in the best known way, and mbsync copies a tenth of them.
//
// x-bare is how many times as long as the bare client the restore took, x-mbsync how many
// times as many messages a second it did; core-s is what this process had of the processors.
// What the last restore foretold of its own end is logged.
func BenchmarkRestore(b *testing.B) {
	lost := openLost(b, accountsThere)
	buildIsync(b)
	for _, tc := range []struct {
		name     string
		accounts int
	}{{"one-mailbox", 1}, {"four-accounts", fourAccounts}} {
		b.Run(tc.name, func(b *testing.B) {
			var bare, own, mbsync time.Duration
			var foretold estimates
			var ended time.Time
			for b.Loop() {
				b.StopTimer()
				names := lost.lose(b, tc.accounts, 0, manyMessages/tc.accounts)
				plan := lost.plan(b, names)
				foretold = estimates{}
				lost.observe = foretold.observe
				before := coreTime(b)
				b.StartTimer()
				lost.apply(b, plan, manyMessages)
				b.StopTimer()
				ended = time.Now()
				own += coreTime(b) - before
				began := time.Now()
				lost.writeBare(b, lost.next(b, tc.accounts), manyMessages/tc.accounts)
				bare += time.Since(began)
				mbsync += lost.mbsync(b, lostMessages)
				b.StartTimer()
			}
			foretold.log(b, ended)
			perSecond := func(messages int, took time.Duration) float64 { return float64(messages*b.N) / took.Seconds() }
			b.ReportMetric(own.Seconds()/float64(b.N), "core-s")
			b.ReportMetric(bare.Seconds()/float64(b.N), "bare-s")
			b.ReportMetric(b.Elapsed().Seconds()/bare.Seconds(), "x-bare")
			b.ReportMetric(perSecond(manyMessages, b.Elapsed()), "messages/s")
			b.ReportMetric(perSecond(lostMessages, mbsync), "mbsync/s")
			b.ReportMetric(perSecond(manyMessages, b.Elapsed())/perSecond(lostMessages, mbsync), "x-mbsync")
		})
	}
}

// BenchmarkMissing finds, fetches, restores and verifies the last 1,000 messages of 10,000
// of one mailbox, from nothing known to all read back. Beside it, by turns, a script that
// lists both sides by IMAP, fetches what is not there, and writes it, and verifies nothing.
// plan-s is how much of the time the planning took.
func BenchmarkMissing(b *testing.B) {
	lost := openLost(b, accountsThere)
	var script, own, planning time.Duration
	for b.Loop() {
		b.StopTimer()
		names := lost.lose(b, 1, manyMessages-lostMessages, lostMessages)
		before := coreTime(b)
		b.StartTimer()
		began := time.Now()
		plan := lost.plan(b, names)
		planning += time.Since(began)
		lost.apply(b, plan, lostMessages)
		b.StopTimer()
		own += coreTime(b) - before
		names = lost.lose(b, 1, manyMessages-lostMessages, lostMessages)
		began = time.Now()
		lost.script(b, names[0], lostMessages)
		script += time.Since(began)
		b.StartTimer()
	}
	b.ReportMetric(own.Seconds()/float64(b.N), "core-s")
	b.ReportMetric(planning.Seconds()/float64(b.N), "plan-s")
	b.ReportMetric(script.Seconds()/float64(b.N), "script-s")
	b.ReportMetric(b.Elapsed().Seconds()/script.Seconds(), "x-script")
}

// plan plans a restore of everything.
func (l *lost) plan(b *testing.B, names []string) restore.Plan {
	b.Helper()
	plan, err := salvage.Plan(b.Context(), l.field, salvage.Options{Accounts: names})
	must(b, err)
	return plan
}

// apply carries a plan out, which must bring so many messages and leave nothing.
func (l *lost) apply(b *testing.B, plan restore.Plan, messages int) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "restore.jsonl")
	report, err := salvage.Apply(b.Context(), l.field, plan, true, restore.Options{Journal: journal.InFile(file), Observe: l.observe})
	must(b, err)
	done, unread := 0, 0
	for _, account := range report.Accounts {
		for _, n := range account.Done {
			done += n
		}
		if !account.ReadBack {
			unread++
		}
	}
	if done != messages || len(report.Left) > 0 || unread > 0 {
		b.Fatalf("%d of %d were brought: %s; %d accounts are not read back", done, messages, report.InWords(), unread)
	}
}

// script restores without a plan, a journal, or a second look.
func (l *lost) script(b *testing.B, account string, messages int) {
	b.Helper()
	var sides [2]target.Session
	var listed [2][]target.Record
	var tasks []func(context.Context) error
	for i, server := range l.field.Servers {
		tasks = append(tasks, func(ctx context.Context) (err error) {
			if sides[i], err = server.User().Login(ctx, account); err == nil {
				listed[i], err = sides[i].Records(ctx, "INBOX")
			}
			return err
		})
	}
	must(b, l.pair.Executor().Run(b.Context(), tasks...))
	there := map[string]bool{}
	for _, r := range listed[1] {
		there[r.GUID] = true
	}
	missing := slices.DeleteFunc(listed[0], func(r target.Record) bool { return there[r.GUID] })
	if len(missing) != messages {
		b.Fatalf("the script finds %d missing", len(missing))
	}
	for part := range slices.Chunk(missing, atOnce) {
		must(b, copyPart(b.Context(), sides, part))
	}
	must(b, errors.Join(sides[0].Close(), sides[1].Close()))
}

func copyPart(ctx context.Context, sides [2]target.Session, part []target.Record) error {
	uids := make([]uint32, len(part))
	for i, r := range part {
		uids[i] = r.UID
	}
	var messages []target.AppendMessage
	err := sides[0].Bodies(ctx, "INBOX", uids, func(_ uint32, body []byte) error {
		r := part[len(messages)]
		messages = append(messages, target.AppendMessage{Flags: r.Flags, InternalDate: r.InternalDate, Body: body})
		return nil
	})
	if err != nil {
		return err
	}
	_, uids, err = sides[1].Append(ctx, "INBOX", messages...)
	if err == nil && len(uids) != len(part) {
		err = fmt.Errorf("%d messages were written of %d", len(uids), len(part))
	}
	return err
}

func coreTime(b *testing.B) time.Duration {
	b.Helper()
	used, err := gauge.CoreTime()
	must(b, err)
	return used
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
