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
func (KilledAmidAppends) Effects() Effects { return Effects{Breaks: Process, KillsServer: true} }

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
