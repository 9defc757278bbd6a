package sim_test

import (
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// A file of the size that was recorded is read by -G alone, which says that it is
// another and changes nothing: not even, with -n, the file of a tombstone.
func TestReconstructReadsFilesWhenAsked(t *testing.T) {
	p := newPair(t, 1)
	master := p.Serving()
	deliver(t, master, "alice", "one")
	deliver(t, master, "alice", "two")
	before := inbox(t, master, "alice")
	if _, err := p.Saboteur().(target.SpoolSaboteur).SpoilMessage(t.Context(), master.Name(), "alice", "INBOX", 2, target.Flipped); err != nil {
		t.Fatal(err)
	}
	const mismatch = "uid 2 guid mismatch"
	for _, how := range []struct {
		options []target.ReconstructOption
		sees    bool
	}{
		{nil, false},
		{[]target.ReconstructOption{target.LookOnly}, false},
		{[]target.ReconstructOption{target.CompareGUIDs, target.LookOnly}, true},
		{[]target.ReconstructOption{target.CompareGUIDs}, true},
	} {
		said, err := p.Operator().Reconstruct(t.Context(), master.Name(), "alice", "INBOX", how.options...)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(said, mismatch) != how.sees || strings.Contains(said, "uid 1 guid") {
			t.Errorf("reconstruct %v says %q", how.options, said)
		}
	}
	after := inbox(t, master, "alice")
	if after.HighestModSeq != before.HighestModSeq || after.Records[1].GUID != before.Records[1].GUID {
		t.Errorf("the index was changed from %+v to %+v", before, after)
	}
}
