package detect

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// OpenOwn is [Access] to accounts' own mailboxes on one running server whose index is read
// besides: that is asked for an account's mailboxes only where the administrator's list has
// one that the user is not shown, and nobody is shown others' mailboxes, for which Cyrus
// goes through all that there are.
func OpenOwn(ctx context.Context, scene Scene) ([]Finding, error) {
	server, err := scene.only()
	if err != nil {
		return nil, err
	}
	lister, ok := server.User().(target.ListReader)
	if !ok {
		found, err := Access{}.Detect(ctx, scene)
		return slices.DeleteFunc(found, func(f Finding) bool { return isOthers(f.Mailbox) && f.Mailbox != "" }), err
	}
	listed, err := lister.ListedOf(ctx, scene.Accounts)
	if err != nil {
		return nil, fmt.Errorf("listing mailboxes of %s: %w", server.Name(), err)
	}
	return scene.visits(ctx, server, func(ctx context.Context, v *visitor) error {
		v.listed = listed[v.account]
		return v.visitOwn(ctx)
	})
}

// OpenOthers has accounts that have noted what they have seen of others' mail open others'
// mailboxes that they are shown, and adds what they cannot to what was found by [OpenOwn].
func OpenOthers(ctx context.Context, scene Scene, found []Finding) ([]Finding, error) {
	server, err := scene.only()
	if err != nil {
		return nil, err
	}
	more, err := scene.visits(ctx, server, func(ctx context.Context, v *visitor) error { return v.visitOthers(ctx) })
	return withoutTwice(append(found, more...)), err
}

// only returns the one running server of a scene.
func (s Scene) only() (target.Server, error) {
	servers, err := s.servers()
	if err == nil && len(servers) != 1 {
		err = fmt.Errorf("there are %d servers, and one is looked at", len(servers))
	}
	if err != nil {
		return nil, err
	}
	return servers[0], nil
}

// visits visits each account of a server.
func (s Scene) visits(ctx context.Context, server target.Server, visit func(ctx context.Context, v *visitor) error) ([]Finding, error) {
	return s.eachAccount(ctx, Access{}.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		v := visitor{server: server, account: account}
		defer v.leave()
		if err := visit(ctx, &v); err != nil {
			return nil, fmt.Errorf("opening the mailboxes of %s on %s: %w", account, server.Name(), err)
		}
		return v.found, nil
	})
}

func (v *visitor) visitOwn(ctx context.Context) error {
	if !v.enter(ctx) {
		return ctx.Err()
	}
	names, err := target.ListOwn(ctx, v.session)
	if err == nil && v.hides(names) {
		names, err = v.withIndexed(ctx, names)
	}
	if err != nil {
		return err
	}
	return v.openEach(ctx, names)
}

// hides says whether there may be mailboxes besides those that the user is shown.
func (v *visitor) hides(shown []string) bool {
	return slices.ContainsFunc(v.listed, func(name string) bool { return target.IsMail(name) && !slices.Contains(shown, name) })
}

func (v *visitor) visitOthers(ctx context.Context) error {
	if !v.enter(ctx) {
		return ctx.Err()
	}
	names, err := v.session.List(ctx)
	if err != nil {
		return err
	}
	return v.openEach(ctx, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isOthers(name) }))
}
