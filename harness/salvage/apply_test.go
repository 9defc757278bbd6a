package salvage

import (
	"strings"
	"testing"
)

// Where replication could carry anything to a side that is right, or nobody can tell, a
// restore is refused; where it can be held it is.
func TestWhatReplicationIsSeenToDo(t *testing.T) {
	for _, test := range []struct {
		name          string
		seen          replication
		off, operates bool
		hold          bool
		refused       string // a part of why
	}{
		{"nothing is known", replication{}, false, true, false, "nothing tells whether old replicates"},
		{"nothing is known, and it is said to be off", replication{}, true, false, false, ""},
		{"the old one sends", replication{rescuedSends: true, rescuedKnown: true}, true, true, false, "sync_client runs on old"},
		{"the old one does not, and of the new one nothing is known", replication{rescuedKnown: true}, false, true, false, "nothing tells whether new replicates"},
		{"neither sends", replication{rescuedKnown: true, servingKnown: true}, false, false, false, ""},
		{"the new one sends", replication{rescuedKnown: true, servingKnown: true, servingSends: true}, false, false, false, "sync_client runs on new"},
		{"the new one sends, and may be held", replication{rescuedKnown: true, servingKnown: true, servingSends: true}, false, true, true, ""},
		{"the new one sends elsewhere", replication{rescuedKnown: true, servingKnown: true, servingSends: true}, true, false, false, ""},
	} {
		hold, refused := test.seen.judge(test.off, test.operates, "old", "new")
		if hold != test.hold || (refused == "") != (test.refused == "") || !strings.Contains(refused, test.refused) {
			t.Errorf("%s: hold %v, refused %q", test.name, hold, refused)
		}
	}
}
