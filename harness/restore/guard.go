package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Unsaved lists what would be gone for good if the rescued store were emptied
// now: messages that it shows and that the serving server has never had in that
// account, mailboxes that cannot be opened on either and accounts that the rescued
// store does not list, of which nobody can tell what is in them. A mailbox that its user has deleted on the serving server
// counts as had. Nothing is changed.
func Unsaved(ctx context.Context, executor target.Executor, rescued, serving target.Server, accounts []string) ([]Unsafe, error) {
	var unsaved []Unsafe
	for some := range slices.Chunk(accounts, plannedAtOnce) {
		more, err := unsavedOf(ctx, executor, rescued, serving, some)
		if err != nil {
			return nil, fmt.Errorf("comparing what %s has with what %s has: %w", rescued.Name(), serving.Name(), err)
		}
		unsaved = append(unsaved, more...)
	}
	return unsaved, nil
}

// unsavedOf is about a few accounts, all of which are held.
func unsavedOf(ctx context.Context, executor target.Executor, rescued, serving target.Server, accounts []string) ([]Unsafe, error) {
	var sides [2]FrozenSide
	for i, server := range []target.Server{rescued, serving} {
		if err := sides[i].read(ctx, executor, server, accounts, listedMailboxes); err != nil {
			return nil, err
		}
		sides[i].Server = server.Name()
	}
	var unsaved []Unsafe
	for _, account := range accounts {
		for _, side := range sides {
			for _, mailbox := range side.Unreadable[account] {
				unsaved = append(unsaved, Unsafe{
					Place: target.Place{Server: side.Server, Account: account, Mailbox: mailbox}, Why: "it cannot be opened, so nobody knows what is in it",
				})
			}
		}
		if len(sides[0].Accounts[account].Mailboxes) == 0 && len(sides[1].Accounts[account].Mailboxes) > 0 {
			unsaved = append(unsaved, Unsafe{Place: target.Place{Server: rescued.Name(), Account: account}, Why: whyNotListed})
		}
		unsaved = append(unsaved, neverHad(sides[0].Accounts[account], sides[1].Accounts[account])...)
	}
	return unsaved, nil
}

const whyNotListed = "it is not listed, and its mail may be on the disk"

// Unsafe is one thing that emptying a rescued store would destroy.
type Unsafe struct {
	target.Place
	Why string `json:"why"`
}

func (u Unsafe) String() string { return fmt.Sprintf("%s (%s)", u.Place, u.Why) }

func neverHad(rescued, serving target.Snapshot) []Unsafe {
	had := map[string]bool{}
	for _, m := range serving.Mailboxes {
		for _, r := range m.Records {
			had[r.GUID] = true
		}
	}
	var unsaved []Unsafe
	for _, m := range rescued.Mailboxes {
		if slices.Contains(serving.Meta.Deleted, m.UniqueID) {
			continue
		}
		for _, r := range m.Live() {
			if !had[r.GUID] {
				unsaved = append(unsaved, Unsafe{
					Place: target.Place{Server: rescued.Server, Account: rescued.Account, Mailbox: m.Name, UID: r.UID, GUID: r.GUID},
					Why:   fmt.Sprintf("%s has never had it", serving.Server),
				})
			}
		}
	}
	return unsaved
}
