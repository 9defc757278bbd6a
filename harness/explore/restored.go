package explore

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// stepsOfARestore are the restorers that together bring back everything, each with those
// that have to be done before.
func stepsOfARestore() map[string][]string {
	mailboxes := restore.RestoreMailboxes{}.Name()
	return map[string][]string{
		mailboxes:                       nil,
		restore.CopyMissing{}.Name():    {mailboxes},
		restore.CarryExpunges{}.Name():  {mailboxes},
		restore.MergeFlags{}.Name():     {mailboxes},
		restore.MergeSettings{}.Name():  {mailboxes},
		restore.RestoreScripts{}.Name(): nil,
	}
}

func (f *foresight) restore(r plan.Restore) {
	name := r.Restorer.Name
	f.restored = true
	if name == (restore.RebuildMailboxes{}).Name() {
		f.rebuild()
		return
	}
	if name == (restore.CopyEverything{}).Name() {
		f.wrong[f.serving] = append(f.wrong[f.serving], wrong{kind: target.ExpungeMissing, why: fmt.Sprintf("step %d: %s", f.step+1, name), late: true})
	}
	f.again(name)
	switch name {
	case restore.RestoreScripts{}.Name():
		f.unfiled = !f.done[restore.RestoreMailboxes{}.Name()]
	case restore.RestoreMailboxes{}.Name():
		f.unfiled = false
	}
	f.carryOver()
	if !f.compared || !f.frozen || !f.rescued || r.Policy != string(restore.PolicyRestore) {
		return
	}
	if name == (restore.Everything{}).Name() {
		for part := range stepsOfARestore() {
			f.done[part] = true
		}
	} else if before, ok := stepsOfARestore()[name]; ok {
		f.done[name] = !slices.ContainsFunc(before, func(b string) bool { return !f.done[b] })
	}
	for part := range stepsOfARestore() {
		if !f.done[part] {
			return
		}
	}
	f.mend()
}

// again notes that a restorer is used once more after users have worked on what it had
// brought back: planned anew from the freeze, it knows nothing of what they took back since.
func (f *foresight) again(name string) {
	if before, ran := f.ran[name]; ran && f.worked > before {
		why := fmt.Sprintf("step %d: %s once more", f.step+1, name)
		for _, kind := range []target.Kind{target.FlagsDiffer, target.ScriptDiffers} {
			f.wrong[f.serving] = append(f.wrong[f.serving], wrong{kind: kind, why: why, late: true})
		}
	}
	f.ran[name] = f.step
	for part := range stepsOfARestore() {
		if name == (restore.Everything{}).Name() {
			f.ran[part] = f.step
		}
	}
}

// rebuild mends what cannot be opened, where a detector has said which; what that loses
// is mended by the other restorers.
func (f *foresight) rebuild() {
	if !f.opened {
		return
	}
	for i, w := range f.wrong[f.serving] {
		if w.kind == target.MailboxUnreadable {
			f.wrong[f.serving][i].kind = target.ReplicaBehind
		}
	}
}

// carryOver notes what a restore may bring from the old master that users did not want:
// it takes what the old master has for what they wanted.
func (f *foresight) carryOver() {
	lacks := slices.ContainsFunc(f.wrong[f.serving], func(w wrong) bool { return mended(w.kind) })
	for _, w := range f.wrong[1-f.serving] {
		if ofFiles(w.kind) && !lacks {
			continue
		}
		w.late = true
		if !slices.Contains(f.wrong[f.serving], w) {
			f.wrong[f.serving] = append(f.wrong[f.serving], w)
		}
	}
}

// mend takes away what the restorers have put right by now.
func (f *foresight) mend() {
	if slices.ContainsFunc(f.wrong[f.serving], func(w wrong) bool { return w.kind == target.DiskFull || w.kind == target.DiskReadOnly }) {
		return // nothing can be written there
	}
	f.wrong[f.serving] = slices.DeleteFunc(slices.Clone(f.wrong[f.serving]), func(w wrong) bool {
		return mended(w.kind) && !w.late && (f.scripted || !ofBytecode(w.kind))
	})
}
