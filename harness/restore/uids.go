package restore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// syncReach returns a function that finds out, the first time that it is asked, why nothing
// can be put back by the sync protocol; empty: it can. It changes nothing.
func (s Scene) syncReach(ctx context.Context) func() string {
	return sync.OnceValue(func() string {
		if s.Sync == nil {
			return "nobody here may speak the sync protocol"
		}
		servers := []target.Server{s.Rescued, s.Serving}
		why, tasks := make([]string, len(servers)), make([]func(context.Context) error, len(servers))
		for i, server := range servers {
			tasks[i] = func(ctx context.Context) error {
				line, err := s.Sync.DialSync(ctx, server.Name())
				if err != nil {
					why[i] = fmt.Sprintf("the sync protocol cannot be spoken to %s (%s)", server.Name(), err)
					return nil
				}
				_ = line.Close() // nothing was asked
				return nil
			}
		}
		if err := s.Executor.Run(ctx, tasks...); err != nil {
			return err.Error()
		}
		return cmp.Or(why...)
	})
}

// whyNewUID returns why a message cannot have its UID again in that mailbox of the serving
// server; empty: it can. UIDs are given out in ascending order, and a client that has seen
// UIDNEXT never looks below it for what is new (RFC 9051, section 2.3.1.1): so it can
// where the UID is above all that the server has given out under the same UIDVALIDITY.
func (p *accountPlanner) whyNewUID(source, destination target.Mailbox, uid uint32) string {
	switch server := p.scene.Serving.Name(); {
	case destination.UniqueID != source.UniqueID:
		return fmt.Sprintf("the mailbox is another one on %s", server)
	case destination.UIDValidity != source.UIDValidity:
		return fmt.Sprintf("UIDVALIDITY was %d, and is %d on %s", source.UIDValidity, destination.UIDValidity, server)
	case uid <= destination.LastUID:
		return fmt.Sprintf("%s has given out UIDs up to %d", server, destination.LastUID)
	}
	return p.whyNoSync()
}

// whyNotRemade returns why a mailbox that the serving server never had cannot be made again
// as it was, under a name; empty: it can. Under one name UIDVALIDITY only ever ascends, and of a mailbox
// that was made and deleted on the serving server since nothing tells which name it had.
func (p *accountPlanner) whyNotRemade(source target.Mailbox, name string) string {
	for _, id := range p.now.Meta.Deleted {
		if _, known := byUniqueID(p.before, id); !known && !slices.Contains(p.before.Meta.Deleted, id) {
			return "another mailbox was made and deleted on " + string(p.scene.Serving.Name()) + " since, maybe of that name"
		}
	}
	if old, there := p.before.Mailbox(name); there && old.UIDValidity >= source.UIDValidity {
		return fmt.Sprintf("another mailbox had that name on %s, with UIDVALIDITY %d", p.scene.Serving.Name(), old.UIDValidity)
	}
	return p.whyNoSync()
}

// remake plans to make a mailbox again, under a name, and to put all of its mail back.
func (p *accountPlanner) remake(source target.Mailbox, name string) []Action {
	why := fmt.Sprintf("its user had made it on %s, and it never reached %s", p.rescued.Server, p.scene.Serving.Name())
	actions := []Action{{
		Act: Remake, Account: p.account, Mailbox: name, From: source.Name,
		Name: source.UniqueID, Value: strconv.FormatUint(uint64(source.UIDValidity), 10), Why: why,
	}}
	for _, r := range source.Live() {
		actions = append(actions, Action{
			Act: PutBack, Account: p.account, Mailbox: name, From: source.Name, UID: r.UID, GUID: r.GUID, Size: r.Size,
			Flags: r.Flags, InternalDate: r.InternalDate, Why: "its mailbox never reached " + string(p.scene.Serving.Name()),
		})
	}
	p.remade = append(p.remade, source)
	return actions
}

// isRemade says whether the mailbox of that unique ID is going to be made again, with its
// mail.
func (p *accountPlanner) isRemade(uniqueID string) bool {
	return slices.ContainsFunc(p.remade, func(m target.Mailbox) bool { return m.UniqueID == uniqueID })
}

// putBackFirst orders actions that bring mail: what has its UID again comes before what gets
// a new one, which would take it.
func putBackFirst(actions []Action) []Action {
	slices.SortStableFunc(actions, func(a, b Action) int {
		switch {
		case (a.Act == PutBack) == (b.Act == PutBack):
			return 0
		case a.Act == PutBack:
			return -1
		}
		return 1
	})
	return actions
}
