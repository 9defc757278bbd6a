package salvage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/salvage"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// What is looked through.
const (
	manyAccounts  = 1_000
	tenMailboxes  = 10
	lostOfHundred = 1 // accounts of a hundred that lack a message
	bareLines     = 4 // connections to each server that a bare client asks over
)

// BenchmarkAccounts finds what is missing in 1,000 accounts of 10 mailboxes, a message in
// each, of which one account in a hundred lacks a message: by index-compare, which says what
// differs, and by a plan, for which each mailbox is opened as its user does as well.
// Beside both, by turns, a bare client asks both servers for the same indexes, and looks for
// the answers' ends alone.
func BenchmarkAccounts(b *testing.B) {
	l := openLost(b, manyAccounts)
	seeds, names := map[string][]target.SeedMailbox{}, l.next(b, manyAccounts)
	for _, name := range names {
		for i, letter := range letters(name, tenMailboxes) {
			seeds[name] = append(seeds[name], target.SeedMailbox{Name: mailboxOf(i), Messages: []target.AppendMessage{letter}})
		}
	}
	must(b, l.pair.(target.Seeder).Seed(b.Context(), seeds))
	lacking := 0
	for i := 0; i < manyAccounts; i += 100 / lostOfHundred {
		more := letters(names[i]+".more", 1)
		must(b, l.sides[0].Seed(b.Context(), names[i], []view.SeedMailbox{{Name: "INBOX", Messages: more}}))
		lacking++
	}
	beside := func(b *testing.B, find func() int) {
		var bare, own time.Duration
		for b.Loop() {
			before := coreTime(b)
			if found := find(); found != lacking {
				b.Fatalf("%d were found of %d", found, lacking)
			}
			b.StopTimer()
			own += coreTime(b) - before
			began := time.Now()
			l.askBare(b, names)
			bare += time.Since(began)
			b.StartTimer()
		}
		b.ReportMetric(own.Seconds()/float64(b.N), "core-s")
		b.ReportMetric(bare.Seconds()/float64(b.N), "bare-s")
		b.ReportMetric(b.Elapsed().Seconds()/bare.Seconds(), "x-bare")
	}
	b.Run("index-compare", func(b *testing.B) {
		scene := detect.Scene{Clock: realtime.Time{}, Executor: realtime.Time{}, Accounts: names}
		for _, server := range l.field.Servers {
			scene.Sides = append(scene.Sides, detect.LiveSide(server))
		}
		beside(b, func() int {
			found, err := detect.IndexCompare{}.Detect(b.Context(), scene)
			must(b, err)
			return len(found)
		})
	})
	b.Run("plan", func(b *testing.B) {
		beside(b, func() int { return salvage.Work(l.plan(b, nil)) })
	})
}

func mailboxOf(i int) string {
	if i == 0 {
		return "INBOX"
	}
	return fmt.Sprintf("INBOX/box%02d", i)
}

// askBare asks both servers for each account's mailboxes, their records, and what belongs
// to none of them.
func (l *lost) askBare(b *testing.B, accounts []string) {
	b.Helper()
	var tasks []func(context.Context) error
	for _, server := range l.pair.Servers() {
		for some := range slices.Chunk(accounts, len(accounts)/bareLines) {
			tasks = append(tasks, func(ctx context.Context) error { return askIndexes(ctx, server.(view.Dialer), some) })
		}
	}
	must(b, l.pair.Executor().Run(b.Context(), tasks...))
}

func askIndexes(ctx context.Context, server view.Dialer, accounts []string) error {
	conn, err := server.Dial(ctx, view.Sync)
	if err != nil {
		return err
	}
	defer conn.Close() // every answer has come
	client, err := wiretest.BareSync(conn, docker.AdminUser, docker.AdminPassword)
	for _, account := range accounts {
		questions := []string{"GET USER " + account}
		for i := range tenMailboxes {
			questions = append(questions, "GET FULLMAILBOX "+mailboxname.Internal(account, mailboxOf(i)))
		}
		questions = append(questions, "GET META "+account)
		if err == nil {
			err = client.Ask(questions...)
		}
	}
	if err != nil {
		return fmt.Errorf("asking for %s: %w", strings.Join(accounts[:1], ""), err)
	}
	return nil
}
