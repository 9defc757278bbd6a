package fault

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// part is one thing that a fault made wrong.
type part struct {
	damage []Damage
	// wrong looks whether it is so now.
	wrong func(ctx context.Context) (bool, error)
}

// harmed is an [Instance] of damage that lies in a server's data: it is live as long
// as any of its parts is wrong. Of a server that is down nothing can be told: its
// damage is what it was when it was last seen.
type harmed struct {
	scene    Scene
	evidence target.Evidence
	parts    []part
	last     State
}

// Look implements [Instance].
func (h *harmed) Look(ctx context.Context) (Report, error) {
	processes, err := h.scene.Pair.Server(h.scene.On).Host().Processes(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("looking for processes on %s: %w", h.scene.On, err)
	}
	if target.Alive(processes) {
		if h.last, err = h.now(ctx); err != nil {
			return Report{}, err
		}
	}
	report := Report{Evidence: h.evidence, State: h.last}
	for _, p := range h.parts {
		report.Damage = append(report.Damage, p.damage...)
	}
	return report, nil
}

func (h *harmed) now(ctx context.Context) (State, error) {
	for _, p := range h.parts {
		wrong, err := p.wrong(ctx)
		if err != nil {
			return "", fmt.Errorf("looking whether %s on %s is still so: %w", p.damage[0].Kind, h.scene.On, err)
		}
		if wrong {
			return Live, nil
		}
	}
	return Healed, nil
}

// strike lets a saboteur with the hands that a fault needs do one thing to each of
// what was chosen. What it says counts only where the fault sees the damage itself:
// a saboteur that changed nothing leaves no evidence.
func strike[Hands, Chosen any](ctx context.Context, scene Scene, needs string, chosen []Chosen,
	one func(ctx context.Context, hands Hands, c Chosen) (target.Evidence, part, error),
) (Instance, error) {
	hands, ok := scene.Pair.Saboteur().(Hands)
	if !ok {
		return nil, notOnThisTarget(needs)
	}
	if len(chosen) == 0 {
		return nil, errors.New("nothing was chosen that could be hurt")
	}
	h := &harmed{scene: scene, last: Live}
	for _, c := range chosen {
		evidence, p, err := one(ctx, hands, c)
		if err != nil {
			return nil, err
		}
		if len(p.damage) == 0 || !evidence.Landed() {
			continue
		}
		wrong, err := p.wrong(ctx)
		if err != nil {
			return nil, fmt.Errorf("looking what became of it: %w", err)
		}
		if wrong {
			h.parts = append(h.parts, p)
			h.evidence = h.evidence.And(evidence)
		}
	}
	return h, nil
}

// summed gives what was hit several times a summary in one line.
func summed(instance Instance, err error, say func(times int) string) (Instance, error) {
	if h, ok := instance.(*harmed); ok && err == nil && h.evidence.Landed() {
		h.evidence.Summary = say(len(h.parts))
	}
	return instance, err
}

func notOnThisTarget(what string) error {
	return &target.UnsupportedError{Target: "the target", What: what}
}

// place is where a mailbox lies, on the server that the scene is about.
func (s Scene) place(m ChosenMailbox) target.Place {
	return target.Place{Server: s.On, Account: m.Account, Mailbox: m.Mailbox}
}

// message is the place of a message in a mailbox.
func (s Scene) message(m ChosenMailbox, r target.Record) target.Place {
	at := s.place(m)
	at.UID, at.GUID = r.UID, r.GUID
	return at
}

// server is the one that is hurt.
func (s Scene) server() target.Server { return s.Pair.Server(s.On) }

// index reads a mailbox as the index view tells it.
func (s Scene) index(ctx context.Context, m ChosenMailbox) (target.Mailbox, error) {
	return s.server().Index().Mailbox(ctx, m.Account, m.Mailbox)
}

// pick returns a record that fits, which one is drawn by the plan's seed.
func pick(m ChosenMailbox, of target.Mailbox, fits func(target.Record) bool) (target.Record, error) {
	var found []target.Record
	for _, r := range of.Records {
		if fits(r) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return target.Record{}, fmt.Errorf("%s of %s holds no message that could be hurt so", m.Mailbox, m.Account)
	}
	return found[m.Pick%len(found)], nil
}

// isRefused says whether a server answered, and refused what it was asked. Then the
// thing is wrong; whatever else went wrong says nothing of it.
func isRefused(err error) bool {
	var refused *target.RefusedError
	return errors.As(err, &refused)
}

// unreadableMailbox is a mailbox that nobody can open, and what else is wrong there.
func unreadableMailbox(scene Scene, m ChosenMailbox, how string, more ...Damage) part {
	damage := append([]Damage{{Place: scene.place(m), Kind: target.MailboxUnreadable, How: how}}, more...)
	return part{damage: damage, wrong: func(ctx context.Context) (bool, error) { return cannotBeOpened(ctx, scene, m) }}
}

// cannotBeOpened logs in as the mailbox's owner and opens it.
func cannotBeOpened(ctx context.Context, scene Scene, m ChosenMailbox) (bool, error) {
	session, err := target.LoginToLook(ctx, scene.server(), m.Account)
	if noInbox := (*target.NoInboxError)(nil); errors.As(err, &noInbox) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	_, err = session.Records(ctx, m.Mailbox)
	_ = session.Close() // it was only read from
	return err != nil, ctx.Err()
}

// onRecord returns a part that is wrong as long as the record of a message is as
// the fault left it: hurt says so of the record that has its UID, nil where there
// is none. What cannot be read is not told to be right.
func onRecord(scene Scene, m ChosenMailbox, uid uint32, hurt func(*target.Record) bool, damage ...Damage) part {
	return part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
		mailbox, err := scene.index(ctx, m)
		if isRefused(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		for i := range mailbox.Records {
			if mailbox.Records[i].UID == uid {
				return hurt(&mailbox.Records[i]), nil
			}
		}
		return hurt(nil), nil
	}}
}

// anotherBody returns a part that is wrong as long as the user is given something
// else of a message than its GUID says, or nothing.
func anotherBody(scene Scene, m ChosenMailbox, r target.Record, damage ...Damage) part {
	return part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
		return givenAnother(ctx, scene, m, r)
	}}
}

func givenAnother(ctx context.Context, scene Scene, m ChosenMailbox, r target.Record) (bool, error) {
	mailbox, err := scene.index(ctx, m)
	if isRefused(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	listed := false
	for _, now := range mailbox.Records {
		listed = listed || now.UID == r.UID && now.GUID == r.GUID && !now.Expunged
	}
	if !listed {
		return false, nil // whatever is wrong now, it is no longer this message
	}
	session, err := target.LoginToLook(ctx, scene.server(), m.Account)
	if err != nil {
		return false, err
	}
	defer session.Close() // it was only read from
	given := target.NoBody
	err = target.DigestedBodies(ctx, session, m.Mailbox, []uint32{r.UID}, func(_ uint32, _ []byte, sha1 string) error {
		given = sha1
		return nil
	})
	if isRefused(err) {
		return true, nil
	}
	return given != r.GUID, err
}
