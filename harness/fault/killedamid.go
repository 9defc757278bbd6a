package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// amidAfter is how long a user appends before the server is killed.
const amidAfter = 500 * time.Millisecond

// KilledAmidAppends kills a server while a user appends one message after the other.
type KilledAmidAppends struct{}

// Name implements [Fault].
func (KilledAmidAppends) Name() string { return "killed-amid-appends" }

// Doc implements [Fault].
func (KilledAmidAppends) Doc() string {
	return "a server is killed while a user appends: the last message may be there unacknowledged, or be a file without a record"
}

// Effects implements [Fault].
func (KilledAmidAppends) Effects() Effects { return Effects{KillsServer: true} }

// Inject implements [Fault].
func (KilledAmidAppends) Inject(ctx context.Context, scene Scene) (Instance, error) {
	if len(scene.Accounts) == 0 {
		return nil, errors.New("no account was chosen")
	}
	acknowledged := 0
	var evidence target.Evidence
	err := scene.Pair.Executor().Run(ctx,
		func(ctx context.Context) (err error) {
			acknowledged, err = appendUntilDead(ctx, scene)
			return err
		},
		func(ctx context.Context) (err error) {
			if err = scene.Pair.Clock().Sleep(ctx, amidAfter); err == nil {
				evidence, err = scene.Pair.Saboteur().KillServer(ctx, scene.On)
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("killing %s amid appends: %w", scene.On, err)
	}
	if acknowledged == 0 {
		return nil, fmt.Errorf("killing %s amid appends: none was acknowledged before", scene.On)
	}
	evidence = evidence.And(target.Evidence{
		Summary: fmt.Sprintf("%d appends had been acknowledged, and one was at work", acknowledged),
		Facts:   []target.Fact{{What: "appends acknowledged", Before: "0", After: fmt.Sprint(acknowledged)}},
	})
	return &standing{evidence: evidence, damage: onServer(scene, target.ServerDown, "it was killed amid appends"), live: down(scene)}, nil
}

// appendUntilDead appends to the first account's INBOX until the server is dead, and
// returns how many messages it acknowledged.
func appendUntilDead(ctx context.Context, scene Scene) (acknowledged int, err error) {
	session, err := scene.Pair.Server(scene.On).User().Login(ctx, scene.Accounts[0])
	if err != nil {
		return 0, err
	}
	defer session.Close() // the server is dead
	for ; ; acknowledged++ {
		_, _, err := session.Append(ctx, "INBOX", target.AppendMessage{Body: burden(acknowledged)})
		var refused *target.RefusedError
		switch {
		case ctx.Err() != nil:
			return acknowledged, ctx.Err()
		case errors.As(err, &refused):
			return acknowledged, err
		case err != nil:
			return acknowledged, nil // nobody answers any more
		}
	}
}

// KilledAmidSync kills a server while a batch is being replicated.
type KilledAmidSync struct{}

// amidSyncLoad bounds how much mail each account gets until a batch is seen at work.
const amidSyncLoad = 500

// Name implements [Fault].
func (KilledAmidSync) Name() string { return "killed-amid-sync" }

// Doc implements [Fault].
func (KilledAmidSync) Doc() string {
	return "a server is killed while sync_client works on a batch: log-run is left, and comes first in its next life"
}

// Effects implements [Fault].
func (KilledAmidSync) Effects() Effects {
	return Effects{KillsServer: true, NeedsReplication: true, EitherSide: true}
}

// Inject implements [Fault]. sync_client is stopped in its batch, so that the kill
// hits it there.
func (KilledAmidSync) Inject(ctx context.Context, scene Scene) (Instance, error) {
	source := asMaster(scene)
	inWork := 0
	err := underLoad(ctx, source, amidSyncLoad, func(ctx context.Context, over func() bool) (err error) {
		for inWork == 0 && err == nil {
			if over() {
				return fmt.Errorf("%s on %s was never seen within a batch", syncClient, source.On)
			}
			inWork, err = stopInBatch(ctx, source)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return killAmidSync(ctx, scene, source, inWork)
}

// stopInBatch stops sync_client and returns how many entries its batch has. Where it is
// in none it goes on.
func stopInBatch(ctx context.Context, source Scene) (entries int, err error) {
	saboteur := source.Pair.Saboteur()
	if _, err := saboteur.Suspend(ctx, source.On, syncClient); err != nil {
		return 0, fmt.Errorf("stopping sync_client on %s: %w", source.On, err)
	}
	log, err := source.Pair.Server(source.On).Host().SyncLog(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the sync log of %s: %w", source.On, err)
	}
	if len(log.InWork.Entries) > 0 {
		return len(log.InWork.Entries), nil
	}
	if _, err := saboteur.Resume(ctx, source.On, syncClient); err != nil {
		return 0, fmt.Errorf("letting sync_client on %s go on: %w", source.On, err)
	}
	return 0, nil
}

func killAmidSync(ctx context.Context, scene, source Scene, inWork int) (Instance, error) {
	damage, err := unreplicated(ctx, source)
	if err != nil {
		return nil, err
	}
	evidence, err := scene.Pair.Saboteur().KillServer(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("killing %s amid a batch: %w", scene.On, err)
	}
	if scene.On != source.On {
		if _, err := scene.Pair.Saboteur().Resume(ctx, source.On, syncClient); err != nil {
			return nil, fmt.Errorf("letting sync_client on %s go on: %w", source.On, err)
		}
	}
	evidence = evidence.And(target.Evidence{
		Summary: fmt.Sprintf("%d entries of a batch were at work", inWork),
		Facts:   []target.Fact{{What: "entries in log-run of " + string(source.On), Before: "0", After: fmt.Sprint(inWork)}},
	})
	return &standing{
		evidence: evidence, damage: append(onServer(scene, target.ServerDown, "it was killed amid a batch"), damage...),
		live: func(ctx context.Context) (bool, error) {
			isDown, err := down(scene)(ctx)
			if isDown || err != nil {
				return true, err
			}
			made, err := madeGood(ctx, source, damage)
			return !made, err
		},
	}, nil
}

// KilledAmidReconstruct kills a server while an administrator rebuilds the index of a
// mailbox that could not be opened.
type KilledAmidReconstruct struct{}

// Name implements [Fault].
func (KilledAmidReconstruct) Name() string { return "killed-amid-reconstruct" }

// Doc implements [Fault].
func (KilledAmidReconstruct) Doc() string {
	return "the index of a mailbox is cut off, and the server is killed while reconstruct rebuilds it"
}

// Effects implements [Fault].
func (KilledAmidReconstruct) Effects() Effects {
	return Effects{KillsServer: true, HurtsMailboxes: true}
}

// Inject implements [Fault].
func (KilledAmidReconstruct) Inject(ctx context.Context, scene Scene) (Instance, error) {
	tools, err := hand[target.ToolSaboteur](scene, "tools that are killed at work")
	if err != nil {
		return nil, err
	}
	indexes, err := hand[target.IndexSaboteur](scene, "damage to index files")
	if err != nil {
		return nil, err
	}
	instance, err := spoilIndexes(ctx, scene, indexes.TruncateIndex)
	if err != nil {
		return nil, err
	}
	broken := instance.(*unreadable)
	m := scene.Mailboxes[0]
	evidence, err := tools.KillAmidReconstruct(ctx, scene.On, m.Account, m.Mailbox)
	if err != nil {
		return nil, err
	}
	report, err := broken.Look(ctx)
	if err != nil {
		return nil, err
	}
	return &standing{
		evidence: broken.evidence.And(evidence), damage: append(onServer(scene, target.ServerDown, "it was killed amid a reconstruct"), report.Damage...),
		live: func(ctx context.Context) (bool, error) {
			isDown, err := down(scene)(ctx)
			if isDown || err != nil {
				return true, err
			}
			report, err := broken.Look(ctx)
			return report.State == Live, err
		},
	}, nil
}
