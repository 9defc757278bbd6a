package detect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/detect/baseline"
	"github.com/cyrdrill/cyrdrill/harness/gauge"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// How much there is to look at.
const (
	manyMessages  = 10_000
	someMailboxes = 20
	manyAccounts  = 1000
)

// Accounts with as many records each: in one mailbox, in twenty, and in one where every
// fifth is a tombstone.
const (
	one      = "one"
	twenty   = "twenty"
	expunged = "expunged"
)

// BenchmarkDetectors lets detectors look at large accounts of a pair of real servers that
// is well. In each round, and outside of its time, a bare client asks both servers for
// what the detector asked for, and sync_client -u is run for the same account: a ratio
// says more than a time, which is the machine's as well.
func BenchmarkDetectors(b *testing.B) {
	pair := cyrustest.Pair(b, target.Spec{Accounts: []string{one, twenty, expunged}})
	must(b, pair.(target.Seeder).Seed(b.Context(), map[string][]target.SeedMailbox{
		one:      {{Name: "INBOX", Messages: letters(one, manyMessages)}},
		twenty:   spread(twenty, manyMessages, someMailboxes),
		expunged: {{Name: "INBOX", Messages: letters(expunged, manyMessages)}},
	}))
	expungeFifth(b, pair, expunged)
	for _, tc := range []struct {
		detector  detect.Detector
		account   string
		mailboxes int
		beside    func(index, bodies ask, account string) []ask
	}{
		{detect.IndexCompare{}, one, 1, indexAlone},
		{detect.IndexCompare{}, twenty, someMailboxes, indexAlone},
		{detect.IndexCompare{}, expunged, 1, indexAlone},
		{detect.BodyCompare{}, one, 1, indexAndBodies},
		{detect.BodyCompare{}, twenty, someMailboxes, indexAndBodies},
		{detect.SpoolCheck{}, one, 1, indexAndHashes},
		{detect.SpoolCheck{}, twenty, someMailboxes, indexAndHashes},
	} {
		b.Run(tc.detector.Name()+"/"+tc.account, func(b *testing.B) {
			index, bodies := questions(tc.account, tc.mailboxes)
			beside := tc.beside(bareSync(index), bareIMAP(tc.account, bodies), tc.account)
			race{pair: pair, detector: tc.detector, accounts: []string{tc.account}, synced: 1, beside: beside}.run(b)
		})
	}
}

// What a detector asks for, as a bare client asks for it.
func indexAlone(index, _ ask, _ string) []ask { return []ask{index} }

func indexAndBodies(index, bodies ask, _ string) []ask { return []ask{oneByOne(index, bodies)} }

func indexAndHashes(index, _ ask, account string) []ask { return []ask{index, hashed(account)} }

// BenchmarkRecheck compares SYNC_CRC of each mailbox of many accounts.
func BenchmarkRecheck(b *testing.B) {
	pair := cyrustest.Pair(b, target.Spec{})
	accounts := make([]string, manyAccounts)
	seeds := map[string][]target.SeedMailbox{}
	for i := range accounts {
		accounts[i] = fmt.Sprintf("user%04d", i)
		seeds[accounts[i]] = spread(accounts[i], 5, 5)
	}
	master := pair.Serving()
	admin := view.New(master.Name(), master.(view.Dialer), view.Credentials{Admin: docker.AdminUser, Password: docker.AdminPassword}).Admin()
	must(b, admin.CreateAccounts(b.Context(), accounts...))
	drained(b, pair)
	must(b, pair.(target.Seeder).Seed(b.Context(), seeds))
	var users, mailboxes []string
	for some := range slices.Chunk(accounts, 100) {
		var together []string
		for _, account := range some {
			users = append(users, "GET USER "+account)
			for _, name := range names(5) {
				together = append(together, internalName(account, name))
			}
		}
		mailboxes = append(mailboxes, "GET MAILBOXES ("+strings.Join(together, " ")+")")
	}
	b.Run("by-account", func(b *testing.B) {
		race{pair: pair, detector: baseline.SyncCRC{}, accounts: accounts, synced: 20, beside: []ask{bareSync(users)}}.run(b)
	})
	b.Run("together", func(b *testing.B) { // as a bare client would ask, which knows all names
		for b.Loop() {
			race{pair: pair, beside: []ask{bareSync(mailboxes)}}.bare(b)
		}
	})
}

// race is a detector, and what is beside it.
type race struct {
	pair     target.Pair
	detector detect.Detector
	accounts []string
	synced   int // so many of the accounts are given to sync_client, and its time is reckoned up to all
	beside   []ask
}

// ask is what is asked of a server beside a detector.
type ask func(context.Context, target.Server) (received int64, err error)

func (r race) run(b *testing.B) {
	servers := r.pair.Servers()
	scene := detect.Scene{
		Clock: r.pair.Clock(), Executor: r.pair.Executor(), Accounts: r.accounts, Master: r.pair.Serving().Name(),
		Sides: []detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])},
	}
	var bare, sync, own time.Duration
	var received int64
	for b.Loop() {
		before := coreTime(b)
		if found, err := r.detector.Detect(b.Context(), scene); err != nil || len(found) > 0 {
			b.Fatal(found, err)
		}
		b.StopTimer()
		own += coreTime(b) - before
		began := time.Now()
		received = r.bare(b)
		bare += time.Since(began)
		began = time.Now()
		for _, account := range r.accounts[:r.synced] {
			if status, err := r.pair.Operator().SyncUser(b.Context(), scene.Master, account); status != 0 || err != nil {
				b.Fatal(status, err)
			}
		}
		sync += time.Since(began)
		b.StartTimer()
	}
	seconds := func(all time.Duration) float64 { return all.Seconds() / float64(b.N) }
	synced := seconds(sync) * float64(len(r.accounts)) / float64(r.synced)
	b.ReportMetric(seconds(own), "core-s")
	b.ReportMetric(seconds(bare), "bare-s")
	b.ReportMetric(synced, "sync-u-s")
	b.ReportMetric(seconds(b.Elapsed())/seconds(bare), "x-bare")
	b.ReportMetric(seconds(b.Elapsed())/synced, "x-sync-u")
	b.ReportMetric(float64(received)/1e6, "MB")
}

// coreTime is what this process has had of the processors so far.
func coreTime(b *testing.B) time.Duration {
	used, err := gauge.CoreTime()
	must(b, err)
	return used
}

// bare asks both servers side by side.
func (r race) bare(b *testing.B) (received int64) {
	var came atomic.Int64
	var tasks []func(context.Context) error
	for _, server := range r.pair.Servers() {
		for _, do := range r.beside {
			tasks = append(tasks, func(ctx context.Context) error {
				n, err := do(ctx, server)
				came.Add(n)
				return err
			})
		}
	}
	must(b, r.pair.Executor().Run(b.Context(), tasks...))
	return came.Load()
}

func bareSync(commands []string) ask { return bareOver(view.Sync, "", commands) }

func bareIMAP(account string, commands []string) ask { return bareOver(view.IMAP, account, commands) }

// bareOver asks over a connection of its own.
func bareOver(service view.Service, account string, commands []string) ask {
	return func(ctx context.Context, server target.Server) (int64, error) {
		conn, err := server.(view.Dialer).Dial(ctx, service)
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		var client *wiretest.Bare
		if service == view.Sync {
			client, err = wiretest.BareSync(conn, docker.AdminUser, docker.AdminPassword)
		} else {
			client, err = wiretest.BareIMAP(conn, docker.AdminUser, docker.AdminPassword, account)
		}
		if err != nil {
			return 0, err
		}
		err = client.Ask(commands...)
		return client.Received, err
	}
}

// hashed has the files hashed, and does nothing with what is told of them.
func hashed(account string) ask {
	return func(ctx context.Context, server target.Server) (int64, error) {
		_, err := server.Host().Files(ctx, account)
		return 0, err
	}
}

// oneByOne asks one thing after the other.
func oneByOne(asks ...ask) ask {
	return func(ctx context.Context, server target.Server) (received int64, err error) {
		for _, do := range asks {
			n, err := do(ctx, server)
			if err != nil {
				return 0, err
			}
			received += n
		}
		return received, nil
	}
}
