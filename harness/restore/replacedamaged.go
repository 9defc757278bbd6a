package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ReplaceDamaged puts a sound copy in the place of each message that the serving server
// lists and whose bytes it does not give as they were recorded: its file is lost, cut
// off, or another's. A copy comes only if the rescued store gives those bytes, and only
// when it has come the damaged message goes. What is damaged on both is kept, and said.
//
// It acts on what [detect.BodyCompare] found on the serving server: no index tells.
type ReplaceDamaged struct{}

// Name implements [Restorer].
func (ReplaceDamaged) Name() string { return "replace-damaged" }

// Doc implements [Restorer].
func (ReplaceDamaged) Doc() string {
	return "puts a sound copy in the place of each message whose bytes on the serving server are not what was recorded"
}

// Plan implements [Restorer].
func (r ReplaceDamaged) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(ctx context.Context, p *accountPlanner) ([]Action, error) {
		return p.replacements(ctx)
	})
}

// replacements plans a copy and an expunge for each damaged message of which the rescued
// store has a sound one.
func (p *accountPlanner) replacements(ctx context.Context) ([]Action, error) {
	var actions []Action
	seen := map[target.Place]bool{}
	for _, f := range p.scene.Findings {
		at := target.Place{Mailbox: f.Mailbox, UID: f.UID, GUID: f.GUID}
		if f.Account != p.account || f.Server != p.scene.Serving.Name() || f.Kind != target.BodyDiffers || seen[at] {
			continue
		}
		seen[at] = true
		now, _ := p.now.Mailbox(f.Mailbox)
		mine := liveAt(now, f.UID)
		if mine == nil || mine.GUID != f.GUID {
			continue // gone since
		}
		bad := Action{Act: ExpungeDamaged, Account: p.account, Mailbox: now.Name, UID: mine.UID, GUID: mine.GUID, Why: f.Evidence}
		from, theirs := p.sound(now, *mine)
		sound, err := p.gives(ctx, from, theirs)
		if err != nil {
			return nil, err
		}
		if !sound {
			bad.Act, bad.Why = Keep, fmt.Sprintf("%s has no sound copy of it either; %s", p.rescued.Server, f.Evidence)
			actions = append(actions, bad)
			continue
		}
		flags, date := p.flagsOfReplacement(now, *mine, theirs), mine.InternalDate
		if theirs.UID != mine.UID { // the record was another message's
			flags, date = theirs.Flags, theirs.InternalDate
		}
		actions = append(actions, Action{
			Act: Copy, Account: p.account, Mailbox: now.Name, From: from, UID: theirs.UID, GUID: theirs.GUID, Size: theirs.Size,
			Flags: flags, InternalDate: date, Why: fmt.Sprintf("UID %d of %s is damaged: %s", mine.UID, p.now.Server, f.Evidence),
		}, bad)
	}
	return actions, nil
}

// flagsOfReplacement are the flags that the damaged message has, with what its user had
// changed of them on the old master: when flags are merged, it will be gone.
func (p *accountPlanner) flagsOfReplacement(now target.Mailbox, mine, theirs target.Record) []string {
	before, _ := byUniqueID(p.before, now.UniqueID)
	base := liveAt(before, mine.UID)
	if base == nil || base.GUID != mine.GUID {
		return mine.Flags
	}
	add, remove := mergeThreeWays(base.Flags, theirs.Flags, mine.Flags)
	flags := slices.DeleteFunc(slices.Concat(mine.Flags, add), func(flag string) bool { return slices.Contains(remove, flag) })
	slices.Sort(flags)
	return flags
}

// sound finds the message on the rescued store that a damaged one was: of its bytes, in
// its mailbox if it is there, else in any.
func (p *accountPlanner) sound(in target.Mailbox, damaged target.Record) (mailbox string, record target.Record) {
	for _, m := range p.rescued.Mailboxes {
		for _, r := range m.Live() {
			if r.GUID != damaged.GUID || record.UID != 0 && m.UniqueID != in.UniqueID {
				continue
			}
			mailbox, record = m.Name, r
			if m.UniqueID == in.UniqueID {
				return mailbox, record
			}
		}
	}
	return mailbox, record
}

// gives says whether the rescued store gives a message's bytes as its index recorded them.
func (p *accountPlanner) gives(ctx context.Context, mailbox string, r target.Record) (sound bool, err error) {
	if r.UID == 0 {
		return false, nil
	}
	session, err := p.scene.Rescued.User().Login(ctx, p.account)
	if err != nil {
		return false, err
	}
	defer session.Close() // it was only read from
	err = target.DigestedBodies(ctx, session, mailbox, []uint32{r.UID}, func(uid uint32, _ []byte, sha1 string) error {
		sound = sound || uid == r.UID && sha1 == r.GUID
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("reading UID %d of %s on %s: %w", r.UID, mailbox, p.rescued.Server, err)
	}
	return sound, nil
}

// Why a replacement has to be left.
const (
	noSoundCopy = "no sound copy of it has come, so what there is stays"
	linkedAgain = "the server made the copy a link to the damaged file, as Cyrus 3.6 does, and it was removed; move that file out of the mailbox's directory, and plan anew"
)

// hasSound says whether a sound copy of what a damaged message was stands in its mailbox
// by now. A copy that is as damaged as that one is taken away again, and so it is told:
// also where that had been done, and the restore was killed before it could say so.
func (a *account) hasSound(ctx context.Context, damaged Action) (bool, error) {
	replaces := func(i int) bool {
		came := a.plan.Actions[i]
		return came.Act == Copy && came.Mailbox == damaged.Mailbox && came.GUID == damaged.GUID && a.journal.State(i).Over() && a.journal.State(i) != journal.Left
	}
	for _, p := range slices.Clone(a.copied) {
		if !replaces(p.action) || p.uid == damaged.UID {
			continue
		}
		if sound, err := a.isSound(ctx, damaged, p.uid); sound || err != nil {
			return sound, err
		}
	}
	for _, i := range a.actions {
		if replaces(i) {
			if err := a.note(journal.Entry{Left: journal.Ranges([]int{i}), Why: linkedAgain}); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// isSound reads a copy, and removes it if it is not what was copied.
func (a *account) isSound(ctx context.Context, damaged Action, uid uint32) (sound bool, err error) {
	session, err := a.hands.at(ctx, a.scene.Serving, a.name)
	if err != nil {
		return false, err
	}
	err = target.DigestedBodies(ctx, session, damaged.Mailbox, []uint32{uid}, func(_ uint32, _ []byte, sha1 string) error {
		sound = sha1 == damaged.GUID
		return nil
	})
	if err != nil || sound {
		return sound, err
	}
	if err := session.Expunge(ctx, damaged.Mailbox, []uint32{uid}); err != nil {
		return false, err
	}
	a.copied = slices.DeleteFunc(a.copied, func(p placed) bool { return p.uid == uid && a.plan.Actions[p.action].Mailbox == damaged.Mailbox })
	return false, nil
}
