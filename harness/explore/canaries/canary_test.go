package canaries_test

import (
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/explore"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// bird is a canary: a bug that is planted, and that exploration has to find.
type bird struct {
	name  string // words joined by hyphens
	where string // the code that is wrong
	what  string // what it does wrong
	// in is the kind of step without which it does not come into a plan; empty: it may
	// anywhere.
	in    plan.Kind
	plant func(testing.TB) planted
	// held is a property that every drill is held to, whether or not it is promised of its
	// plan: what is promised errs on the side of less.
	held property.Property
	// drill is a sort of its own, by its number; nil: those of the plans that are drawn.
	drill func(testing.TB, int, planted) ([]explore.Failure, error)
}

// planted is what a drill is run with. The zero value is nothing: all as it should be.
type planted struct {
	bug   canary.Planted                // of the simulated servers
	logic func(target.Pair) drill.Logic // nil: the project's own
}

func (p planted) target() target.Target { return sim.WithBug(p.bug) }

// birds returns all canaries.
func birds() []bird {
	return slices.Concat(
		ofTheServers(), in(plan.KindRestore, ofTheRestorers()), in(plan.KindRestore, ofTheEngine()), in(plan.KindDetect, ofTheDetectors()),
	)
}

func in(kind plan.Kind, birds []bird) []bird {
	for i := range birds {
		birds[i].in = kind
	}
	return birds
}

// ofTheServers are bugs of the simulated servers themselves.
func ofTheServers() []bird {
	server := func(name, where string, bug canary.Bug, what string) bird {
		return bird{name: name, where: where, what: what, plant: func(tb testing.TB) planted {
			return planted{bug: canary.Plant(tb, bug)}
		}}
	}
	return []bird{
		server("append-date-ignored", "sim/sessionmail.go", canary.AppendDateIgnored, "what is appended gets the time of its arrival for INTERNALDATE"),
		server("appended-together-alike", "sim/sessionmail.go", canary.AppendedTogetherAlike, "messages of one APPEND all get the first one's bytes"),
		server("acknowledged-on-full-disk", "sim/sessionmail.go", canary.AcknowledgedOnFullDisk, "an APPEND for which there is no room is acknowledged"),
		server("duplicates-delivered", "sim/userview.go", canary.DuplicatesDelivered, "a delivery that is tried again is delivered again"),
		server("copy-loses-keywords", "sim/sessionmail.go", canary.CopyLosesKeywords, "copies have no keywords"),
		server("move-leaves-original", "sim/sessionmail.go", canary.MoveLeavesOriginal, "MOVE leaves the message where it was, too"),
		server("flags-keep-modseq", "sim/visit.go", canary.FlagsKeepModSeq, "a change of flags counts no modseq"),
		server("uid-reused", "sim/visit.go", canary.UIDReused, "the UID of the last message is given again once that is expunged"),
		server("rights-ignored", "sim/session.go", canary.RightsIgnored, "whoever knows a mailbox's name can open it"),
		server("old-bytecode-kept", "sim/script.go", canary.OldBytecodeKept, "a script stored in another's place is not compiled: mail is filed by the old source"),
		server("rename-unlogged", "sim/mailboxes.go", canary.RenameUnlogged, "RENAME is not noted for replication"),
		server("flags-unlogged", "sim/sessionmail.go", canary.FlagsUnlogged, "a change of flags is not noted for replication"),
		server("subscription-unlogged", "sim/sessionmailbox.go", canary.SubscriptionUnlogged, "SUBSCRIBE is not noted for replication"),
		server("batch-dropped", "sim/syncclient.go", canary.BatchDropped, "what sync_client had in work as it bailed out is forgotten"),
		server("quota-unsent", "sim/syncaccount.go", canary.QuotaUnsent, "limits of quota roots are not replicated"),
		server("annotations-untaken", "sim/syncserver.go", canary.AnnotationsUntaken, "a replica passes annotations over"),
		server("active-script-untaken", "sim/script.go", canary.ActiveScriptUntaken, "a replica stores scripts, and activates none"),
		server("old-state-kept", "sim/roles.go", canary.OldStateKept, "a server that is resynced is not emptied first"),
		server("swapped-undrained", "sim/roles.go", canary.SwappedUndrained, "roles are swapped without the changes that wait in the sync log"),
	}
}
