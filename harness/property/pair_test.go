package property_test

import (
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

// whole fills a scene as a drill does at its end.
func whole(t *testing.T, p target.Pair, ledger *traffic.Ledger, accounts []string) property.Scene {
	t.Helper()
	s := property.Scene{Promises: ledger.Messages(), Accounts: ledger.Accounts(), Sightings: ledger.Sightings(), Counts: ledger.Counts()}
	var err error
	must := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Mail, err = property.ReadMail(t.Context(), p, p.Serving(), s.Promises, s.Accounts)
	must()
	s.States, err = property.ReadStates(t.Context(), p, p.Serving(), s.Accounts)
	must()
	s.Probes, err = property.Probe(t.Context(), p, s.Accounts)
	must()
	s.Glimpses, err = property.ReadGlimpses(t.Context(), p, p.Serving(), accounts)
	must()
	crossing, err := property.Cross(t.Context(), p, accounts[0])
	must()
	s.Crossings = []property.Crossing{crossing}
	s.Sides, err = property.ReadSides(t.Context(), p, accounts)
	must()
	return s
}

func wantVerdicts(t *testing.T, s property.Scene, want map[string]property.Verdict) {
	t.Helper()
	for _, p := range property.All() {
		if got := p.Check(s); got.Verdict != want[p.Name()] {
			t.Errorf("%s: %s, want %s: %+v", p.Name(), got.Verdict, want[p.Name()], got)
		}
	}
}

func TestAllPropertiesOnTheSimulator(t *testing.T) {
	accounts := []string{"alice", "bob"}
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	ledger := traffic.NewLedger(nil)
	users := traffic.NewUsers(p, ledger, 1)
	if _, err := users.Deliver(t.Context(), accounts, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Append(t.Context(), "alice", traffic.Inbox, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Expunge(t.Context(), "alice", traffic.Inbox, 1, traffic.Oldest); err != nil {
		t.Fatal(err)
	}
	want := map[string]property.Verdict{
		"no-loss": property.Pass, "no-resurrection": property.Pass, "no-doubles": property.Pass, "state-kept": property.Pass,
		"imap-promises": property.Pass, "access": property.Pass, "losses-told": property.Pass, "convergence": property.Pass, "isolation": property.Pass,
		"rules-current":           property.Unknown, // no user of the simulator has rules
		"looking-changes-nothing": property.Unknown,
		"restore-repeatable":      property.Unknown, // nothing is restored
	}
	wantVerdicts(t, whole(t, p, ledger, accounts), want)

	// Replication stops.
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Deliver(t.Context(), accounts[1:], 1); err != nil {
		t.Fatal(err)
	}
	want["convergence"] = property.Fail
	wantVerdicts(t, whole(t, p, ledger, accounts), want)

	// The replica serves, and there is none any more.
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if err := p.Operator().Promote(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	want["convergence"], want["no-loss"], want["state-kept"] = property.Unknown, property.Fail, property.Unknown
	want["losses-told"] = property.Fail // nobody has looked
	wantVerdicts(t, whole(t, p, ledger, accounts), want)

	// The new master gives the lost message's UID to another one.
	if _, err := users.Deliver(t.Context(), accounts[1:], 1); err != nil {
		t.Fatal(err)
	}
	got := property.IMAPPromises{}.Check(whole(t, p, ledger, accounts))
	if got.Verdict != property.Fail || !strings.Contains(got.Violations[0].String(), "clients' caches are wrong: UID 6 was message bob-0006 on imap1") {
		t.Errorf("%+v", got)
	}
}

// Probes leave nothing behind that a user could read.
func TestCrossingLeavesNothing(t *testing.T) {
	p, promises := drilled(t)
	crossing, err := property.Cross(t.Context(), p, "alice")
	if err != nil || crossing.Err != nil || crossing.Took <= 0 || crossing.Took > property.CrossWithin {
		t.Fatalf("%+v, %v", crossing, err)
	}
	if n := len(read(t, p, promises).Messages); n != len(promises) {
		t.Errorf("%d messages, want %d", n, len(promises))
	}
}
