package restore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MergeSettings brings subscriptions, ACLs, annotations and quota to what users
// had set on the old master, merging three ways as [MergeFlags] does.
type MergeSettings struct{}

// Name implements [Restorer].
func (MergeSettings) Name() string { return "merge-settings" }

// Doc implements [Restorer].
func (MergeSettings) Doc() string {
	return "sets subscriptions, ACLs, annotations and quota as users had done where it never reached the replica"
}

// Plan implements [Restorer].
func (r MergeSettings) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(_ context.Context, p *accountPlanner) ([]Action, error) {
		return p.settings(), nil
	})
}

func (p *accountPlanner) settings() []Action {
	actions := append(p.subscriptions(), p.quota()...)
	for _, source := range p.rescued.Mailboxes {
		if now, ok := p.destination(source); ok {
			before, known := byUniqueID(p.before, source.UniqueID)
			if _, old := byUniqueID(p.before, now.UniqueID); !known && old {
				continue // two mailboxes of one name: nothing tells of a change
			}
			if !known { // it was made here since: what its user has set on it by now stands
				before = made(p.now, now.Name)
			}
			actions = append(actions, p.acl(source, before, now)...)
			actions = append(actions, p.annotations(source, before, now)...)
		}
	}
	return actions
}

func (p *accountPlanner) why() string {
	return fmt.Sprintf("as its user had set it on %s", p.rescued.Server)
}

func (p *accountPlanner) subscriptions() []Action {
	add, remove := mergeThreeWays(p.before.Meta.Subscriptions, p.rescued.Meta.Subscriptions, p.now.Meta.Subscriptions)
	if p.madeAnew() {
		add, remove = slices.DeleteFunc(add, func(name string) bool { return name == "INBOX" }), nil // Cyrus subscribes to the INBOX that it makes
	}
	var actions []Action
	for _, name := range add {
		a := Action{Act: Subscribe, Account: p.account, Mailbox: name, Why: p.why()}
		if _, there := p.now.Mailbox(name); !there {
			a.Act = Keep // Cyrus keeps such a subscription, and takes no new one
			a.Why += ", but there is no such mailbox (any more)"
		}
		actions = append(actions, a)
	}
	for _, name := range remove {
		actions = append(actions, Action{Act: Unsubscribe, Account: p.account, Mailbox: name, Why: p.why()})
	}
	return actions
}

func (p *accountPlanner) quota() []Action {
	theirs, base, mine := p.rescued.Meta.QuotaKiB, p.before.Meta.QuotaKiB, p.now.Meta.QuotaKiB
	if theirs == base || mine != base || p.madeAnew() {
		return nil
	}
	return []Action{{Act: SetQuota, Account: p.account, Value: strconv.FormatInt(theirs, 10), Was: strconv.FormatInt(mine, 10), Why: p.why()}}
}

func (p *accountPlanner) acl(source, before, now target.Mailbox) []Action {
	return p.values(SetACL, now.Name, rightsOf(before.ACL), rightsOf(source.ACL), rightsOf(now.ACL))
}

func (p *accountPlanner) annotations(source, before, now target.Mailbox) []Action {
	return p.values(SetAnnotation, now.Name, before.Annotations, source.Annotations, now.Annotations)
}

// rightsOf returns an ACL's rights by identifier.
func rightsOf(acl string) map[string]string {
	rights := map[string]string{}
	for entry := range strings.SplitSeq(acl, ", ") {
		if identifier, given, ok := strings.Cut(entry, " "); ok {
			rights[identifier] = given
		}
	}
	return rights
}

// values plans to set each value that theirs has changed since the base, unless
// mine has changed as well. A value that is not there is empty.
func (p *accountPlanner) values(act Act, mailbox string, base, theirs, mine map[string]string) []Action {
	names := slices.Sorted(maps.Keys(theirs))
	for name := range base {
		if _, there := theirs[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var actions []Action
	for _, name := range names {
		if theirs[name] != base[name] && mine[name] == base[name] {
			actions = append(actions, Action{Act: act, Account: p.account, Mailbox: mailbox, Name: name, Value: theirs[name], Was: mine[name], Why: p.why()})
		}
	}
	return actions
}
