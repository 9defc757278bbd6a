package sim

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// unmodelled answers what the simulator does not model yet.
type unmodelled struct{}

var _ target.MessageChanges = unmodelled{}

func notYet(what string) error {
	return &target.UnsupportedError{Target: "the simulator", What: what}
}

// SetFlags implements [target.MessageChanges].
func (unmodelled) SetFlags(context.Context, string, []uint32, []string, []string) error {
	return notYet("changes of flags")
}

// Copy implements [target.MessageChanges].
func (unmodelled) Copy(context.Context, string, []uint32, string) error { return notYet("COPY") }

// Move implements [target.MessageChanges].
func (unmodelled) Move(context.Context, string, []uint32, string) error { return notYet("MOVE") }

// CreateMailbox implements [target.MailboxChanges].
func (unmodelled) CreateMailbox(context.Context, string) error { return notYet("CREATE") }

// RenameMailbox implements [target.MailboxChanges].
func (unmodelled) RenameMailbox(context.Context, string, string) error { return notYet("RENAME") }

// DeleteMailbox implements [target.MailboxChanges].
func (unmodelled) DeleteMailbox(context.Context, string) error { return notYet("DELETE") }

// Subscribe implements [target.MailboxChanges].
func (unmodelled) Subscribe(context.Context, string, bool) error { return notYet("subscriptions") }

// SetACL implements [target.MailboxChanges].
func (unmodelled) SetACL(context.Context, string, string, string) error { return notYet("ACLs") }

// SetAnnotation implements [target.MailboxChanges].
func (unmodelled) SetAnnotation(context.Context, string, string, string) error {
	return notYet("annotations")
}

// Subscriptions implements [target.MailboxChanges].
func (unmodelled) Subscriptions(context.Context) ([]string, error) { return nil, nil }

// Settings implements [target.MailboxChanges].
func (unmodelled) Settings(context.Context, string) (target.Settings, error) {
	return target.Settings{}, notYet("settings of mailboxes")
}
