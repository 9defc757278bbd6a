package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.ToolSaboteur   = saboteur{}
	_ target.BackupSaboteur = saboteur{}
)

// KillAmidReconstruct implements [target.ToolSaboteur]. How far the tool has come is
// chance: a whole index is changed in one piece or not at all, one that is made anew
// may have got records of some of its messages.
func (b saboteur) KillAmidReconstruct(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("killing %s amid a reconstruct of %s of %s: %w", name, mailbox, account, err)
	}
	s := b.pair.server(name)
	if !s.up() {
		return fail(errors.New("it is down"))
	}
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return fail(err)
	}
	if err := b.pair.takes(ctx, toolTime/2); err != nil {
		return target.Evidence{}, err
	}
	if v.index().state != indexWhole && b.pair.rand.IntN(2) == 0 {
		v.folder.index, v.folder.headerGone = index{uidValidity: s.nextUIDValidity(v.account())}, false
		found := slices.Sorted(maps.Keys(v.folder.files.at))
		for _, uid := range found[:b.pair.rand.IntN(len(found)+1)] {
			v.adopt(uid, uid)
		}
		v.index().recalculate()
	}
	evidence, err := b.KillServer(ctx, name)
	if err != nil {
		return fail(err)
	}
	evidence.Summary = fmt.Sprintf("%s was killed while reconstruct worked on %s of %s", name, mailbox, account)
	evidence.Facts = append(evidence.Facts, target.Fact{What: "reconstruct on " + string(name), Before: "running", After: "killed"})
	return evidence, nil
}

// BackUp implements [target.BackupSaboteur].
func (b saboteur) BackUp(ctx context.Context, name target.ServerName, account, mailbox string) error {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return fmt.Errorf("backing up %s of %s on %s: %w", mailbox, account, name, err)
	}
	s := b.pair.server(name)
	if s.disk.backups == nil {
		s.disk.backups = map[string]*folder{}
	}
	s.disk.backups[v.entry.uniqueID] = v.folder.clone()
	return b.pair.takes(ctx, execTime)
}

// PutBack implements [target.BackupSaboteur].
func (b saboteur) PutBack(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	summary := fmt.Sprintf("%s of %s was put back from an old backup", mailbox, account)
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("%s on %s: %w", summary, name, err)
	}
	d, id := b.pair.server(name).disk, v.entry.uniqueID
	return b.damage(ctx, name, fmt.Sprintf("directory of %s of %s", mailbox, account), summary,
		func() string { return d.folders.at[id].describe() },
		func() error {
			kept, ok := d.backups[id]
			if !ok {
				return errors.New("there is no backup of it")
			}
			restored := kept.clone()
			restored.annotations = d.folders.at[id].annotations // lie in the server's annotations.db
			d.folders.put(id, restored)
			return nil
		})
}
