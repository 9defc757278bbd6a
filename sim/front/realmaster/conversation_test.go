package realmaster_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/sim/front/fronttest"
)

// What the simulated sync_server is held to (see [fronttest]) a real one says.
func TestRealServerSaysTheSame(t *testing.T) {
	real := cyrustest.Pair(t, target.Spec{})
	server := func(name target.ServerName) view.Dialer { return real.Server(name).(view.Dialer) }
	for _, conversations := range []map[string][]string{fronttest.Refusals(), fronttest.Exchanges()} {
		for _, name := range slices.Sorted(maps.Keys(conversations)) {
			t.Run(name, func(t *testing.T) {
				must(t, real.Reset(t.Context(), nil))
				fronttest.Converse(t, server(target.Imap2), conversations[name])
			})
		}
	}
	must(t, real.Reset(t.Context(), []string{"alice"}))
	for name, lines := range fronttest.Logins() {
		t.Run("logs in: "+name, func(t *testing.T) { fronttest.Converse(t, server(target.Imap2), lines) })
	}
	t.Run("damage", func(t *testing.T) { fronttest.ShowsDamage(t, real, target.Imap1, server(target.Imap1)) })
}

// What versions of Cyrus differ in, the one that is asked for says as the model of it does.
func TestRealServerSaysWhatItsVersionSays(t *testing.T) {
	real := cyrustest.Pair(t, target.Spec{Suite: *suite})
	for name, lines := range fronttest.OfSuite(*suite) {
		t.Run(name, func(t *testing.T) {
			must(t, real.Reset(t.Context(), nil))
			fronttest.Converse(t, real.Server(target.Imap2).(view.Dialer), lines)
		})
	}
}
