package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// standing is an instance whose damage is known once it has been injected.
type standing struct {
	evidence target.Evidence
	damage   []Damage
	// live says whether the damage is there; nil: it stays, for what has happened has
	// happened.
	live func(ctx context.Context) (bool, error)
}

// Look implements [Instance].
func (s *standing) Look(ctx context.Context) (Report, error) {
	report := Report{Evidence: s.evidence, Damage: s.damage, State: Live}
	if s.live == nil {
		return report, nil
	}
	live, err := s.live(ctx)
	if err != nil {
		return Report{}, err
	}
	if !live {
		report.State = Healed
	}
	return report, nil
}

// hand returns the part of the pair's saboteur that a fault needs.
func hand[T any](scene Scene, what string) (T, error) {
	h, ok := scene.Pair.Saboteur().(T)
	if !ok {
		return h, notOnThisTarget(what)
	}
	return h, nil
}

// onServer is damage to the scene's server as a whole.
func onServer(scene Scene, kind target.Kind, how string) []Damage {
	return []Damage{{Place: target.Place{Server: scene.On}, Kind: kind, How: how}}
}

// down says whether none of the scene's server's processes is there.
func down(scene Scene) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		processes, err := scene.Pair.Server(scene.On).Host().Processes(ctx)
		if err != nil {
			return false, fmt.Errorf("looking for processes on %s: %w", scene.On, err)
		}
		return len(processes) == 0, nil
	}
}

// asMaster returns the scene as it is for the server that replicates.
func asMaster(scene Scene) Scene {
	scene.On = scene.Pair.Serving().Name()
	return scene
}

// gone is one message that was live in a mailbox of a server.
type gone struct {
	place target.Place
}

// liveIn returns the messages that are live in an account's mailbox, or in all its
// mailboxes where none is named.
func liveIn(ctx context.Context, server target.Server, account, mailbox string) ([]gone, error) {
	snap, err := target.TakeSnapshot(ctx, server, account, target.LevelIndex)
	if err != nil {
		return nil, err
	}
	var all []gone
	for _, m := range snap.Mailboxes {
		if mailbox != "" && m.Name != mailbox {
			continue
		}
		for _, r := range m.Live() {
			all = append(all, gone{target.Place{Server: server.Name(), Account: account, Mailbox: m.Name, UID: r.UID, GUID: r.GUID}})
		}
	}
	return all, nil
}

// anyMissing says whether one of the messages is not live in its mailbox, whatever
// its UID is by now.
func anyMissing(ctx context.Context, pair target.Pair, messages []gone) (bool, error) {
	type mailbox struct {
		server           target.ServerName
		account, mailbox string
	}
	seen := map[mailbox]map[string]bool{}
	for _, m := range messages {
		at := mailbox{m.place.Server, m.place.Account, m.place.Mailbox}
		if seen[at] == nil {
			seen[at] = map[string]bool{}
			there, err := liveIn(ctx, pair.Server(at.server), at.account, at.mailbox)
			if err != nil {
				return false, err
			}
			for _, t := range there {
				seen[at][t.place.GUID] = true
			}
		}
		if !seen[at][m.place.GUID] {
			return true, nil
		}
	}
	return false, nil
}

// missing makes damage of messages that are no longer there.
func missing(kind target.Kind, messages []gone, how string) []Damage {
	damage := make([]Damage, len(messages))
	for i, m := range messages {
		damage[i] = Damage{Place: m.place, Kind: kind, How: how}
	}
	return damage
}
