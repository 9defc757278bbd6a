package conform

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// listExpunged tells which messages could be brought back.
func (r *runner) listExpunged(ctx context.Context, step Step) ([]string, error) {
	o, err := by[target.Unexpunger](r, "unexpunge -l")
	if err != nil {
		return nil, err
	}
	uids, err := o.ListExpunged(ctx, r.name(step), step.Account, step.Mailbox)
	return []string{fmt.Sprintf("expunged: %v", uids)}, operated(err)
}

// ofMessage is what a tool says of one message of a mailbox.
var ofMessage = regexp.MustCompile(`(?m) (uid \d+ .*)$`)

// checkMailbox tells what chk_cyrus says of messages. What it counts besides is left out:
// bytes are.
func (r *runner) checkMailbox(ctx context.Context, step Step) ([]string, error) {
	o, err := by[target.Checker](r, "chk_cyrus")
	if err != nil {
		return nil, err
	}
	said, err := o.CheckMailbox(ctx, r.name(step), step.Account, step.Mailbox)
	facts := []string{fmt.Sprintf("looked at: %v", strings.Contains(said, "checking: "))}
	for _, told := range ofMessage.FindAllStringSubmatch(said, -1) {
		facts = append(facts, told[1])
	}
	return facts, operated(err)
}

// checkList tells what ctl_mboxlist -v says of accounts' mailboxes.
func (r *runner) checkList(ctx context.Context, step Step) ([]string, error) {
	o, err := by[target.Checker](r, "ctl_mboxlist -v")
	if err != nil {
		return nil, err
	}
	said, err := o.CheckList(ctx, r.name(step))
	var facts []string
	for line := range strings.Lines(said) {
		told, _, _ := strings.Cut(strings.TrimSpace(line), " on partition")
		if slices.ContainsFunc(Accounts(), func(account string) bool { return strings.Contains(told, "user."+account) }) {
			facts = append(facts, r.norm.logLine(told))
		}
	}
	return facts, operated(err)
}

// rebuildEntry tells whether an entry was made.
func (r *runner) rebuildEntry(ctx context.Context, step Step) ([]string, error) {
	o, err := by[target.EntryRebuilder](r, "reconstruct -P")
	if err != nil {
		return nil, err
	}
	said, err := o.RebuildEntry(ctx, r.name(step), step.Account, step.Mailbox)
	if err != nil {
		return nil, operated(err)
	}
	told, _, _ := strings.Cut(strings.TrimSpace(said), " (")
	return []string{"said: " + told}, nil
}
