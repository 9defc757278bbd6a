package scenarios_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

// catalogues hold what the scenarios draw on. That the real catalogues have
// these names is tested where they are put together.
var catalogues = plan.Names{
	Faults: []plan.FaultName{
		{Name: "replication-stopped", StopsReplication: true},
		{Name: "process-killed", KillsServer: true},
		{Name: "index-truncated"}, {Name: "script-stale"}, {Name: "compiled-script-stale"}, {Name: "server-hung"},
	},
	Detectors: []string{"monitor", "access", "index-compare", "body-compare", "script-compare", "client-caches", "list-compare", "status-compare", "log-watch", "crash-watch"},
	Restorers: []string{
		"rebuild-mailboxes", "restore-mailboxes", "copy-missing", "carry-expunges", "merge-flags", "merge-settings",
		"restore-scripts", "restore-everything", "copy-everything",
	},
	WithoutRescued: []string{"rebuild-mailboxes"},
	Properties: []string{
		"no-loss", "no-resurrection", "no-doubles", "state-kept", "rules-current", "imap-promises", "access", "restore-repeatable", "convergence", "isolation",
		"looking-changes-nothing",
	},
	Operations: []string{"deliver", "append", "flag", "expunge", "move", "copy"},
	Marks: []string{
		"sync-client-frozen", "sync-log-growing", "replica-behind-at-death", "freeze-complete", "uids-reused",
		"missing-mail-found", "unreplicated-expunge-found", "mail-copied", "expunge-carried-over", "expunged-on-new-master",
		"clock-moved", "stopped-replication-found", "mailboxes-unreadable", "mailbox-rebuilt", "stale-script-found",
		"stale-bytecode-found", "doubtful-case-found", "doubtful-case-reported", "client-caches-reported", "resynced", "roles-swapped",
		"hung-server-found", "nothing-found", "restore-killed",
	},
}

func read(t *testing.T, name string) *plan.Plan {
	t.Helper()
	text, err := scenarios.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Parse(scenarios.File(name), text, catalogues)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEachScenarioIsAPlanThatPromisesSomething(t *testing.T) {
	names := scenarios.Names()
	if !slices.Contains(names, "unreplicated-mail") {
		t.Fatalf("scenarios are %v, without unreplicated-mail", names)
	}
	for _, name := range names {
		p := read(t, name)
		if p.Name != name {
			t.Errorf("%s calls itself %q", scenarios.File(name), p.Name)
		}
		if p.Description == "" {
			t.Errorf("%s says not what happened and for whom it is", name)
		}
		if len(p.Expect.Marks) == 0 {
			t.Errorf("%s has no marks: it could pass without having tested anything", name)
		}
	}
}

// A restorer that copies back all that the new master lacks must have a
// message to bring back that its user has expunged there.
func TestUnreplicatedMailCatchesARestorerThatCopiesEverything(t *testing.T) {
	p := read(t, "unreplicated-mail")
	kinds := func(kind plan.Kind) func(plan.Step) bool {
		return func(s plan.Step) bool { return s.Kind == kind }
	}
	promoted := slices.IndexFunc(p.Steps, kinds(plan.KindPromote))
	if promoted < 0 {
		t.Fatal("nothing is promoted")
	}
	replicated := slices.IndexFunc(p.Steps, kinds(plan.KindWait))
	if replicated < 0 || !slices.ContainsFunc(p.Steps[:replicated], kinds(plan.KindDeliver)) {
		t.Error("no delivery is certain to be on both sides")
	}
	after := p.Steps[promoted:]
	expunges := slices.ContainsFunc(after, func(s plan.Step) bool {
		return s.Kind == plan.KindExpunge && s.Expunge.Which == plan.Oldest
	})
	if !expunges || !slices.ContainsFunc(after, kinds(plan.KindDeliver)) {
		t.Error("after the promotion the users must expunge old mail, and get new mail")
	}
}

func TestUnknownScenario(t *testing.T) {
	for name, want := range map[string]string{
		"unreplicated-male":      `unknown scenario "unreplicated-male"; did you mean "unreplicated-mail"?`,
		"unreplicated":           `unknown scenario "unreplicated"; did you mean "unreplicated-mail"?`,
		"unreplicated-mail.yaml": `unknown scenario "unreplicated-mail.yaml"; did you mean "unreplicated-mail"?`,
		"../go.mod":              `unknown scenario "../go.mod"; known: ` + strings.Join(slices.Concat(scenarios.Names(), scenarios.Regressions()), ", "),
		"":                       `unknown scenario ""; known: ` + strings.Join(slices.Concat(scenarios.Names(), scenarios.Regressions()), ", "),
	} {
		_, err := scenarios.Text(name)
		var unknown *scenarios.UnknownError
		if !errors.As(err, &unknown) || err.Error() != want {
			t.Errorf("Text(%q) = %v, want %s", name, err, want)
		}
	}
}
