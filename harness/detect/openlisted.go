package detect

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// OpenOwn is [Access] to accounts' own mailboxes, as the administrator lists them, on one
// running server whose index is read besides. What a user is shown is asked for only where
// something cannot be opened: for each LIST Cyrus goes through all mailboxes that it has.
func OpenOwn(ctx context.Context, scene Scene, listed map[string]target.Listing) ([]Finding, error) {
	server, err := scene.only()
	if err != nil {
		return nil, err
	}
	return scene.visits(ctx, server, func(ctx context.Context, v *visitor) error {
		v.listed = append([]string{}, listed[v.account].Own...)
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

// visitOwn opens what is listed. What cannot be opened, is not shown, and of which the index
// does not tell, is none of mail, as a calendar is; and where the list has changed meanwhile,
// what is shown now is opened.
func (v *visitor) visitOwn(ctx context.Context) error {
	if !v.enter(ctx) {
		return ctx.Err()
	}
	names := slices.DeleteFunc(slices.Clone(v.listed), func(name string) bool { return !target.IsMail(name) })
	if err := v.openEach(ctx, names); err != nil || len(v.found) == 0 {
		return err
	}
	if !v.enter(ctx) {
		return ctx.Err()
	}
	shown, err := target.ListOwn(ctx, v.session)
	if err == nil {
		shown, err = v.withIndexed(ctx, shown)
	}
	if err != nil {
		return err
	}
	v.found = slices.DeleteFunc(v.found, func(f Finding) bool {
		return f.Mailbox != "" && !slices.Contains(shown, f.Mailbox)
	})
	return v.openEach(ctx, slices.DeleteFunc(shown, func(name string) bool { return slices.Contains(names, name) }))
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
