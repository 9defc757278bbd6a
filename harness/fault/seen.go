package fault

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SeenDeleted removes what chosen accounts have seen of others' mail, as a whole.
type SeenDeleted struct{}

// Name implements [Fault].
func (SeenDeleted) Name() string { return "seen-deleted" }

// Doc implements [Fault].
func (SeenDeleted) Doc() string {
	return "seen.db of some accounts is gone: what they have seen of others' mail is unseen"
}

// Effects implements [Fault].
func (SeenDeleted) Effects() Effects {
	return Effects{Breaks: AccountData, HurtsAccounts: true, FitsAccount: hasSeenOthers}
}

// Inject implements [Fault]. The account must have seen others' mail.
func (SeenDeleted) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to accounts' databases", scene.Hurt,
		func(ctx context.Context, hand target.StateSaboteur, account string) (target.Evidence, part, error) {
			had, err := seenOfOthers(ctx, scene, account)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.SpoilSeen(ctx, scene.On, account, target.Removed)
			return evidence, unseen(scene, account, had), err
		})
}

// SeenTruncated cuts off the same database: Cyrus dies of it.
type SeenTruncated struct{}

// Name implements [Fault].
func (SeenTruncated) Name() string { return "seen-truncated" }

// Doc implements [Fault].
func (SeenTruncated) Doc() string {
	return "seen.db of some accounts is cut off in its middle: they cannot open others' mailboxes, and sync_server dies of these accounts"
}

// Effects implements [Fault].
func (SeenTruncated) Effects() Effects {
	return Effects{Breaks: AccountData, HurtsAccounts: true, FitsAccount: hasSeenOthers}
}

// Inject implements [Fault]. The account must have seen others' mail.
func (SeenTruncated) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to accounts' databases", scene.Hurt,
		func(ctx context.Context, hand target.StateSaboteur, account string) (target.Evidence, part, error) {
			had, err := seenOfOthers(ctx, scene, account)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.SpoilSeen(ctx, scene.On, account, target.Truncated)
			p := unseen(scene, account, had)
			for i := range p.damage {
				p.damage[i].Kind, p.damage[i].How = target.MailboxUnreadable, "what the account has seen of it cannot be read"
			}
			p.damage = append(p.damage, Damage{
				Place: target.Place{Server: scene.On, Account: account}, Kind: target.DataFileDamaged, How: "seen.db was cut off",
			})
			return evidence, p, err
		})
}

// seenOfOthers returns which messages in others' mailboxes an account has seen, by
// mailbox.
func seenOfOthers(ctx context.Context, scene Scene, account string) (map[string][]uint32, error) {
	session, err := target.LoginToLook(ctx, scene.server(), account)
	if err != nil {
		return nil, err
	}
	defer session.Close() // it was only read from
	mailboxes, err := session.List(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[string][]uint32{}
	for _, mailbox := range mailboxes {
		if target.IsOwn(mailbox) {
			continue
		}
		records, err := session.Records(ctx, mailbox)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if slices.Contains(r.Flags, `\Seen`) {
				seen[mailbox] = append(seen[mailbox], r.UID)
			}
		}
	}
	if len(seen) == 0 {
		return nil, fmt.Errorf("%s has seen no mail of others': let it mark some before", account)
	}
	return seen, nil
}

// unseen is what an account has seen, and is not told any more that it has.
func unseen(scene Scene, account string, had map[string][]uint32) part {
	p := part{}
	for _, mailbox := range slices.Sorted(maps.Keys(had)) {
		p.damage = append(p.damage, Damage{
			Place: target.Place{Server: scene.On, Account: account, Mailbox: mailbox}, Kind: target.SeenDiffers, How: "what the account has seen of it was lost",
		})
	}
	p.wrong = func(ctx context.Context) (bool, error) {
		session, err := target.LoginToLook(ctx, scene.server(), account)
		if err != nil {
			return false, err
		}
		defer session.Close() // it was only read from
		for _, mailbox := range slices.Sorted(maps.Keys(had)) {
			records, err := session.Records(ctx, mailbox)
			if isRefused(err) {
				return true, nil
			}
			if err != nil {
				return false, err
			}
			for _, r := range records {
				if slices.Contains(had[mailbox], r.UID) && !slices.Contains(r.Flags, `\Seen`) {
					return true, nil
				}
			}
		}
		return false, nil
	}
	return p
}

// hasSeenOthers says of an account whether it has seen anything of others' mail.
func hasSeenOthers(s target.Snapshot) bool { return len(s.Meta.Seen) > 0 }
