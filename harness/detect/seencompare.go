package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// compareSeen tells where two sides have other notes of what an account has seen of
// others' mail. Of a mailbox that is gone such notes mean nothing to anybody, and may stay
// behind on one side: those count alone that are of a mailbox which one of the scene's
// accounts has on both.
func (c accountPair) compareSeen(ctx context.Context, scene Scene) ([]Finding, error) {
	var found []Finding
	inA, inB := c.snaps[0].Meta, c.snaps[1].Meta
	for _, id := range names(slices.Concat(inA.Seen, inB.Seen), func(s target.Seen) string { return s.UniqueID }) {
		a, b := seenUIDs(inA, id), seenUIDs(inB, id)
		if a == b {
			continue
		}
		mailbox, shared, err := sharedMailbox(ctx, scene, c.snaps[0].Account, id)
		if err != nil {
			return nil, fmt.Errorf("looking whose mailbox %s is: %w", id, err)
		}
		if !shared {
			continue
		}
		found = append(found, c.differs(target.SeenDiffers, target.Place{Mailbox: mailbox},
			fmt.Sprintf("it has seen UIDs [%s] on %s, [%s] on %s", a, c.snaps[0].Server, b, c.snaps[1].Server)))
	}
	return found, nil
}

// sharedMailbox returns what everybody but its owner calls the mailbox of that unique ID,
// if an account that may have shared it has it on both sides.
func sharedMailbox(ctx context.Context, scene Scene, reader, id string) (name string, shared bool, err error) {
	owners := scene.Accounts
	if scene.Partial {
		if owners, err = ownersShown(ctx, scene, reader); err != nil {
			return "", false, err
		}
	}
	for _, account := range owners {
		snaps, unread, err := bothSides(ctx, scene, account, target.LevelStatus)
		if err != nil {
			return "", false, err
		}
		if len(unread) > 0 {
			continue // whoever looks at that account tells of it
		}
		if m := byUniqueID(snaps[0], id); m != nil && byUniqueID(snaps[1], id) != nil {
			return "user/" + account + strings.TrimPrefix(m.Name, "INBOX"), true, nil
		}
	}
	return "", false, nil
}

// ownersShown returns those of whose mailboxes an account is shown any, on either server.
func ownersShown(ctx context.Context, scene Scene, account string) ([]string, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	var owners []string
	for _, server := range servers {
		session, err := target.LoginToLook(ctx, server, account)
		if noInbox := (*target.NoInboxError)(nil); errors.As(err, &noInbox) {
			continue
		}
		if err != nil {
			return nil, err
		}
		shown, err := session.List(ctx)
		_ = session.Close() // it was only read from
		if err != nil {
			return nil, err
		}
		for _, name := range shown {
			if owner, _, ok := ofAnother(name); ok {
				owners = append(owners, owner)
			}
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners), nil
}

func seenUIDs(meta target.Meta, uniqueID string) string {
	for _, s := range meta.Seen {
		if s.UniqueID == uniqueID {
			return s.UIDs
		}
	}
	return ""
}
