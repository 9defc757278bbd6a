package conform

import (
	"context"
	"regexp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// mismatched is what reconstruct says of a message's file that is not what was
// recorded of it.
var mismatched = regexp.MustCompile(` (uid \d+ (?:guid mismatch|already expunged, unlinking))`)

// compareGUIDs has all files of a mailbox read, and tells what was said of them: in
// the index nothing is to be seen of it.
func (r *runner) compareGUIDs(ctx context.Context, step Step) ([]string, error) {
	said, err := r.pair.Operator().Reconstruct(ctx, r.name(step), step.Account, step.Mailbox, target.CompareGUIDs)
	var facts []string
	for _, told := range mismatched.FindAllStringSubmatch(said, -1) {
		facts = append(facts, told[1])
	}
	return facts, operated(err)
}
