package front_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
	"github.com/cyrdrill/cyrdrill/sim/front/fronttest"
)

const (
	admin    = "admin"
	password = "secret"
)

// world is a pair that one at a time uses. Its time stands still meanwhile.
type world struct {
	mu   sync.Mutex
	pair *sim.Pair
}

func (w *world) Do(use func(*sim.Pair)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	use(w.pair)
}

func newWorld(t testing.TB, accounts ...string) *world {
	t.Helper()
	return newWorldOf(t, "", accounts...)
}

// newWorldOf is [newWorld] as the Cyrus of a suite.
func newWorldOf(t testing.TB, suite string, accounts ...string) *world {
	t.Helper()
	pair, err := sim.NewPair(t.Context(), target.Spec{Seed: 4, Suite: suite, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return &world{pair: pair}
}

// dialer reaches a simulated server's fronts, of which there is one.
type dialer struct {
	ctx  context.Context
	sync *front.Sync
}

func (d dialer) Dial(_ context.Context, service view.Service) (net.Conn, error) {
	if service != view.Sync {
		return nil, fmt.Errorf("no front for %s", service)
	}
	here, there := net.Pipe()
	go d.sync.Converse(d.ctx, there)
	return here, nil
}

func (w *world) dialer(t testing.TB, server target.ServerName, options ...sim.SyncOption) dialer {
	return dialer{t.Context(), &front.Sync{World: w, Server: server, Admin: admin, Password: password, Options: options}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What our own client is told is what the model says, on both servers.
func TestSyncTellsWhatTheModelHas(t *testing.T) {
	w := newWorld(t, "alice", "bob", "nobody")
	fronttest.Work(t, w.pair)
	must(t, w.pair.Clock().Sleep(t.Context(), time.Minute))
	for _, server := range w.pair.Servers() {
		told := view.New(server.Name(), w.dialer(t, server.Name()), view.Credentials{Admin: admin, Password: password})
		defer func() { _ = told.Close() }()
		for _, account := range []string{"alice", "bob", "nobody", "missing"} {
			compareViews(t, account, server.Index(), told.Index())
		}
	}
}

// So it is after the whole incident: reigns, repairs, a resync, the roles swapped back.
func TestSyncTellsWhatADrillLeft(t *testing.T) {
	text, err := scenarios.Text("replica-behind-and-corrupt")
	must(t, err)
	p, err := plan.Parse("drill.yaml", text, drill.Names())
	must(t, err)
	w := newWorld(t, p.Accounts...)
	result, _ := drill.Run(t.Context(), p, w.pair, drill.Options{Target: "sim"})
	if result.Verdict != property.Pass {
		t.Fatalf("the drill's verdict is %s", result.Verdict)
	}
	for _, server := range w.pair.Servers() {
		told := view.New(server.Name(), w.dialer(t, server.Name()), view.Credentials{Admin: admin, Password: password})
		defer func() { _ = told.Close() }()
		for _, account := range p.Accounts {
			compareViews(t, account, server.Index(), told.Index())
		}
	}
}

func TestSyncShowsDamage(t *testing.T) {
	w := newWorld(t, "alice")
	fronttest.ShowsDamage(t, w.pair, target.Imap1, w.dialer(t, target.Imap1))
}

// A conversation waits while its server hangs, and ends with its server's life.
func TestSyncEndsWithItsServer(t *testing.T) {
	w := newWorld(t, "alice")
	told := view.New(target.Imap2, w.dialer(t, target.Imap2), view.Credentials{Admin: admin, Password: password})
	defer func() { _ = told.Close() }()
	ask := func() error {
		_, err := told.Index().Mailboxes(t.Context(), "alice")
		return err
	}
	must(t, ask())
	hanger := w.pair.Saboteur().(target.ServerHanger)
	w.Do(func(*sim.Pair) { _, err := hanger.Hang(t.Context(), target.Imap2); must(t, err) })
	answered := make(chan error, 1)
	go func() { answered <- ask() }()
	select {
	case err := <-answered:
		t.Fatalf("a server that hangs answers: %v", err)
	case <-time.After(100 * time.Millisecond): // it can only be found out that nothing came so far
	}
	w.Do(func(*sim.Pair) { _, err := hanger.Unhang(t.Context(), target.Imap2); must(t, err) })
	must(t, <-answered)
	w.Do(func(p *sim.Pair) { _, err := p.Saboteur().KillServer(t.Context(), target.Imap2); must(t, err) })
	if err := ask(); err == nil {
		t.Error("a server that is dead answers")
	}
}

func TestOnlyTheAdministratorMayAsk(t *testing.T) {
	w := newWorld(t, "alice")
	for name, lines := range fronttest.Logins() {
		t.Run(name, func(t *testing.T) { fronttest.Converse(t, w.dialer(t, target.Imap2), lines) })
	}
}

func compareViews(t *testing.T, account string, has, told target.IndexView) {
	t.Helper()
	want, err := has.Mailboxes(t.Context(), account)
	must(t, err)
	got, err := told.Mailboxes(t.Context(), account)
	must(t, err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: mailboxes (-model +told):\n%s", account, diff)
	}
	for _, m := range want {
		want, err := has.Mailbox(t.Context(), account, m.Name)
		must(t, err)
		got, err := told.Mailbox(t.Context(), account, m.Name)
		must(t, err)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s (-model +told):\n%s", account, m.Name, diff)
		}
	}
	wantMeta, err := has.Meta(t.Context(), account)
	must(t, err)
	gotMeta, err := told.Meta(t.Context(), account)
	must(t, err)
	if diff := cmp.Diff(wantMeta, gotMeta, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: meta (-model +told):\n%s", account, diff)
	}
}
