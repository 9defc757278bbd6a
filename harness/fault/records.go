package fault

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Which records fit.

func isLive(r target.Record) bool { return !r.Expunged }

func isTombstone(r target.Record) bool { return r.Expunged }

// isGone says that there is no record.
func isGone(r *target.Record) bool { return r == nil }

func isKeyword(flag string) bool { return !strings.HasPrefix(flag, `\`) }

func hasKeyword(r target.Record) bool { return !r.Expunged && slices.ContainsFunc(r.Flags, isKeyword) }

// holds says of a mailbox whether it has a record that fits.
func holds(fits func(target.Record) bool) func(target.Mailbox) bool {
	return func(m target.Mailbox) bool { return slices.ContainsFunc(m.Records, fits) }
}

// holdsTwo says of a mailbox whether it has two messages that are not the same.
func holdsTwo(m target.Mailbox) bool {
	live := m.Live()
	return slices.ContainsFunc(live, func(r target.Record) bool { return r.GUID != live[0].GUID })
}

// pickTwo returns two messages of a mailbox that are not the same.
func pickTwo(m ChosenMailbox, of target.Mailbox) (first, second target.Record, err error) {
	if first, err = pick(m, of, isLive); err != nil {
		return first, second, err
	}
	second, err = pick(m, of, func(r target.Record) bool { return isLive(r) && r.GUID != first.GUID })
	return first, second, err
}
