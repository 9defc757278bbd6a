package detect

import (
	"context"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// passing is how long what is about to be written may look like damage: a message file
// whose record is written only with the last message of the same command.
const passing = 2 * time.Second

// spot is what is wrong, and where.
type spot struct {
	kind target.Kind
	at   target.Place
}

// sure looks, and where that finds something, looks once more after a while: what both
// looks find at the same place is wrong. Views of one server are taken one after the
// other while users work on it, so what a single look finds may be of its own making.
func (s Scene) sure(ctx context.Context, look func(context.Context) ([]Finding, error)) ([]Finding, error) {
	found, err := look(ctx)
	if err != nil || len(found) == 0 {
		return found, err
	}
	before := map[spot]bool{}
	for _, f := range found {
		before[spot{f.Kind, f.Place}] = true
	}
	if err := s.Clock.Sleep(ctx, passing); err != nil {
		return nil, err
	}
	if found, err = look(ctx); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(f Finding) bool { return !before[spot{f.Kind, f.Place}] }), nil
}

// awake returns those of the servers on which any process can answer. Of the others
// there is nothing to be looked at, which is for [Monitor] to tell.
func awake(ctx context.Context, servers []target.Server) ([]target.Server, error) {
	var found []target.Server
	for _, server := range servers {
		processes, err := server.Host().Processes(ctx)
		if err != nil {
			return nil, err
		}
		if target.Alive(processes) {
			found = append(found, server)
		}
	}
	return found, nil
}

// readable returns, by name, those of an account's mailboxes, with their records, that
// the server tells of when it is asked for all. One that is damaged, or has been deleted
// since it was listed, is not among them; where the server refuses to tell of any because
// of one, none is.
func readable(ctx context.Context, server target.Server, account string) (map[string]target.Mailbox, error) {
	found := map[string]target.Mailbox{}
	listed, err := server.Index().Mailboxes(ctx, account)
	if _, refused := unreadableIndex(server, account, err); refused {
		return found, nil
	}
	for _, m := range listed {
		if err == nil {
			err = readInto(ctx, found, server, account, m.Name)
		}
	}
	return found, err
}

// readInto adds a mailbox to those that could be read, if it can be.
func readInto(ctx context.Context, found map[string]target.Mailbox, server target.Server, account, mailbox string) error {
	m, err := server.Index().Mailbox(ctx, account, mailbox)
	if _, refused := unreadableIndex(server, account, err); refused {
		return nil
	}
	if err == nil {
		found[mailbox] = m
	}
	return err
}
