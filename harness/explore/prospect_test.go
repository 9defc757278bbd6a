package explore

import (
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// written is a plan of these steps, with what can be promised of it.
func written(t *testing.T, steps ...string) *plan.Plan {
	t.Helper()
	text := "apiVersion: cyrdrill/v1\nname: written\ntitle: Written\naccounts: [alice, bob]\nsteps:\n  - " + strings.Join(steps, "\n  - ") +
		"\nexpect: {properties: [no-loss]}\n"
	p, err := plan.Parse("written.yaml", []byte(text), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	finished, err := Finish(p)
	if err != nil {
		t.Fatal(err)
	}
	return finished
}

const (
	kill    = "fault: {name: process-killed}"
	compare = "detect: {detector: index-compare, sides: freeze}"
	all     = "restore: {restorer: restore-everything}"
)

// Nothing may be lost where one good copy of everything remains and is brought back, and
// nowhere else.
func TestRecoverable(t *testing.T) {
	for _, c := range []struct {
		what        string
		recoverable bool
		steps       []string
	}{
		{"nothing happens", true, []string{"deliver"}},
		{"a promotion in sync", true, []string{"deliver", "wait: {until: replicated}", kill, "promote"}},
		{"a promotion out of sync", false, []string{"deliver", kill, "promote"}},
		{"mail that is brought back", true, []string{"deliver", kill, "freeze", "promote", "rescue", compare, all}},
		{"mail that nobody looked for", false, []string{"deliver", kill, "freeze", "promote", "rescue", all}},
		{"mail of after the freeze", false, []string{"freeze", "deliver", kill, "promote", "rescue", compare, all}},
		{"mail that is only flagged anew", false, []string{"deliver", kill, "freeze", "promote", "rescue", compare, "restore: {restorer: merge-flags}"}},
		{"mail that policy skips", false, []string{"deliver", kill, "freeze", "promote", "rescue", compare, "restore: {restorer: restore-everything, policy: skip}"}},
		{"damage on the replica, which nobody needs", true, []string{"deliver", "fault: {name: message-file-missing, on: replica}"}},
		{"damage on the replica, which is promoted", false, []string{"deliver", "wait: {until: replicated}", "fault: {name: message-file-missing, on: replica}", kill, "promote"}},
		{"damage on the master", false, []string{"deliver", "fault: {name: message-file-missing}"}},
		{"damage on the master, whose replica is promoted", true, []string{"deliver", "wait: {until: replicated}", "fault: {name: message-file-missing}", "wait: {until: replicated}", kill, "promote"}},
		{"damage to the rescued store, which is not needed", true, []string{"deliver", "wait: {until: replicated}", kill, "freeze", "promote", "rescue", "fault: {name: message-file-missing, on: old-master}", compare, all}},
		{"damage to the rescued store, which is", false, []string{"deliver", kill, "freeze", "promote", "rescue", "fault: {name: message-file-missing, on: old-master}", compare, all}},
		{"a replica that cannot be read and is rebuilt", true, []string{
			"deliver", "wait: {until: replicated}", "fault: {name: index-truncated, on: replica}", kill, "freeze", "promote",
			"detect: {detector: access, sides: serving}", "restore: {restorer: rebuild-mailboxes}", "rescue", compare, all,
		}},
		{"a replica that cannot be read", false, []string{"deliver", "wait: {until: replicated}", "fault: {name: index-truncated, on: replica}", kill, "freeze", "promote", "rescue", compare, all}},
		{"a reset of the wrong side", false, []string{"deliver", "wait: {until: replicated}", "fault: {name: sync-reset-wrong-side}"}},
		{"a dead master", false, []string{"deliver", kill}},
		{"a failover without a freeze", false, []string{"deliver", "fault: {name: hasty-failover}"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			prospect := Foresee(written(t, c.steps...))
			if prospect.Recoverable != c.recoverable {
				t.Errorf("recoverable %v, want %v: %v", prospect.Recoverable, c.recoverable, prospect.Because)
			}
			if promised := slices.Contains(prospect.Properties, "no-loss"); promised != c.recoverable {
				t.Errorf("no-loss is promised: %v", promised)
			}
		})
	}
}

func TestPromisesBesides(t *testing.T) {
	for _, c := range []struct {
		what, property string
		promised       bool
		steps          []string
	}{
		{"a pair that is well", "convergence", true, []string{"deliver"}},
		{"a pair that was broken", "convergence", false, []string{"deliver", "fault: {name: replication-stopped}"}},
		{"no pair", "convergence", false, []string{"deliver", "wait: {until: replicated}", kill, "promote"}},
		{"a pair again", "convergence", true, []string{"deliver", kill, "freeze", "promote", "rescue", compare, all, "resync"}},
		{"caches that were not listed", "imap-promises", false, []string{"deliver", kill, "freeze", "promote", "rescue", compare, all, "resync"}},
		{"caches that were listed", "imap-promises", true, []string{"deliver", kill, "freeze", "promote", "rescue", "detect: {detector: client-caches, sides: freeze}", "resync"}},
		{"copying what was deleted", "no-resurrection", false, []string{"deliver", "wait: {until: replicated}", kill, "freeze", "promote", "rescue", compare, "restore: {restorer: copy-everything}"}},
		{"scripts on the replica alone", "rules-current", true, []string{"rules", "fault: {name: script-stale, on: replica}"}},
		{"scripts on the master", "rules-current", false, []string{"rules", "fault: {name: script-stale}"}},
		{"losses that nobody looks for", "losses-told", false, []string{"deliver", "fault: {name: message-file-missing}"}},
		{"losses that show", "losses-told", true, []string{
			"deliver", "fault: {name: message-file-missing}",
			"detect: {detector: access}", "detect: {detector: body-compare}", "detect: {detector: list-compare}",
		}},
		{"losses that do not", "losses-told", false, []string{
			"deliver", "fault: {name: reconstruct-wrong-side}",
			"detect: {detector: access}", "detect: {detector: body-compare}", "detect: {detector: list-compare}",
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			prospect := Foresee(written(t, c.steps...))
			if promised := slices.Contains(prospect.Properties, c.property); promised != c.promised {
				t.Errorf("%s is promised: %v, want %v: %q", c.property, promised, c.promised, prospect.Because[c.property])
			}
		})
	}
}
