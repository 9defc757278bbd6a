package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// TwoRestores lets two administrators restore the same lost message at once: each has
// looked whether it is missing before the other has put it there.
type TwoRestores struct{}

// Name implements [Fault].
func (TwoRestores) Name() string { return "two-restores" }

// Doc implements [Fault].
func (TwoRestores) Doc() string {
	return "a message of `count` mailboxes is expunged by mistake and restored by two administrators at once: it is there twice"
}

// Effects implements [Fault].
func (TwoRestores) Effects() Effects {
	return Effects{Breaks: BothSides, NeedsServer: true, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (TwoRestores) Inject(ctx context.Context, scene Scene) (Instance, error) {
	if len(scene.Mailboxes) == 0 {
		return nil, errNoMailbox
	}
	var evidence target.Evidence
	var doubled []gone
	for _, m := range scene.Mailboxes {
		double, done, err := restoreTwice(ctx, scene, m)
		if err != nil {
			return nil, err
		}
		evidence, doubled = evidence.And(done), append(doubled, double)
	}
	damage := make([]Damage, len(doubled))
	for i, d := range doubled {
		damage[i] = Damage{Place: d.place, Kind: target.MessageDoubled, How: "two administrators restored it at once"}
	}
	return &standing{evidence: evidence, damage: damage, live: func(ctx context.Context) (bool, error) {
		for _, d := range doubled {
			if n, err := copies(ctx, scene, d); err != nil || n > 1 {
				return true, err
			}
		}
		return false, nil
	}}, nil
}

// restoreTwice expunges the oldest message of a mailbox and puts it there again from
// two sessions side by side. It returns the copy that is one too many.
func restoreTwice(ctx context.Context, scene Scene, m ChosenMailbox) (gone, target.Evidence, error) {
	fail := func(err error) (gone, target.Evidence, error) {
		return gone{}, target.Evidence{}, fmt.Errorf("restoring a message of %s of %s twice: %w", m.Mailbox, m.Account, err)
	}
	server := scene.Pair.Server(scene.On)
	there, err := liveIn(ctx, server, m.Account, m.Mailbox)
	if err != nil {
		return fail(err)
	}
	if len(there) == 0 {
		return fail(fmt.Errorf("it holds none"))
	}
	original := there[0]
	before, err := copies(ctx, scene, original)
	if err != nil {
		return fail(err)
	}
	lost, err := takeOut(ctx, server, original)
	if err != nil {
		return fail(err)
	}
	var put [2]gone
	restore := func(i int) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			put[i], err = appendInto(ctx, server, m, lost)
			return err
		}
	}
	if err := scene.Pair.Executor().Run(ctx, restore(0), restore(1)); err != nil {
		return fail(err)
	}
	after, err := copies(ctx, scene, original)
	if err != nil {
		return fail(err)
	}
	if put[0].place.UID > put[1].place.UID {
		put[1] = put[0]
	}
	return put[1], target.Evidence{
		Summary: fmt.Sprintf("a message in %s of %s on %s was restored twice", m.Mailbox, m.Account, scene.On),
		Facts:   []target.Fact{{What: fmt.Sprintf("copies of %.8s in %s of %s", original.place.GUID, m.Mailbox, m.Account), Before: fmt.Sprint(before), After: fmt.Sprint(after)}},
	}, nil
}

// takeOut expunges a message and returns what it was.
func takeOut(ctx context.Context, server target.Server, message gone) (body []byte, err error) {
	session, err := server.User().Login(ctx, message.place.Account)
	if err != nil {
		return nil, err
	}
	defer session.Close() // what matters has been answered
	err = session.Bodies(ctx, message.place.Mailbox, []uint32{message.place.UID}, func(_ uint32, read []byte) error {
		body = append([]byte(nil), read...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return body, session.Expunge(ctx, message.place.Mailbox, []uint32{message.place.UID})
}

// copies counts how often a message is live in its mailbox.
func copies(ctx context.Context, scene Scene, message gone) (int, error) {
	there, err := liveIn(ctx, scene.Pair.Server(scene.On), message.place.Account, message.place.Mailbox)
	count := 0
	for _, t := range there {
		if t.place.GUID == message.place.GUID {
			count++
		}
	}
	return count, err
}
