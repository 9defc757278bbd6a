package property

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// endOf is what a restore is to leave of an account, as lines that can be compared:
// all that its user has, but for numbers that depend on the order in which things were
// done (UIDs, modseqs, the unique IDs of mailboxes that were made).
func endOf(snap target.Snapshot) []string {
	var lines []string
	for _, m := range snap.Mailboxes {
		lines = append(lines, fmt.Sprintf("mailbox %s, ACL %q", m.Name, m.ACL))
		for _, entry := range slices.Sorted(maps.Keys(m.Annotations)) {
			lines = append(lines, fmt.Sprintf("annotation %s of %s: %q", entry, m.Name, m.Annotations[entry]))
		}
		for _, r := range m.Live() {
			lines = append(lines, fmt.Sprintf("message %.12s in %s, %s, flags %s, body %.12s",
				r.GUID, m.Name, r.InternalDate.UTC().Format("2006-01-02 15:04:05"), strings.Join(r.Flags, " "), r.BodySHA1))
		}
	}
	for _, name := range snap.Meta.Subscriptions {
		lines = append(lines, "subscribed to "+name)
	}
	for _, s := range snap.Meta.Scripts {
		lines = append(lines, fmt.Sprintf("script %s, %.12s, active: %v", s.Name, s.GUID, s.Active))
	}
	lines = append(lines, fmt.Sprintf("quota %d KiB", snap.Meta.QuotaKiB))
	slices.Sort(lines)
	return lines
}

// endDiffers returns what one account's end has more and less than another's.
func endDiffers(want, got target.Snapshot) (more, less []string) {
	a, b := endOf(want), endOf(got)
	for len(a)+len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			less, a = append(less, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			more, b = append(more, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return more, less
}
