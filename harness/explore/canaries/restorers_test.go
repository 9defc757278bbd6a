package canaries_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// doctored is a restorer that is given another scene, or whose plan is changed.
type doctored struct {
	restore.Restorer
	scene func(*restore.Scene)
	plan  func(*restore.Plan)
}

func (d doctored) Plan(ctx context.Context, scene restore.Scene) (restore.Plan, error) {
	if d.scene != nil {
		d.scene(&scene)
	}
	plan, err := d.Restorer.Plan(ctx, scene)
	if d.plan != nil {
		d.plan(&plan)
	}
	return plan, err
}

func restorers(scene func(*restore.Scene), plan func(*restore.Plan)) func(testing.TB) planted {
	return func(testing.TB) planted {
		doctor := func(r restore.Restorer) restore.Restorer { return doctored{r, scene, plan} }
		return planted{logic: func(target.Pair) drill.Logic { return drill.Logic{Restorer: doctor} }}
	}
}

// each changes every action of a kind.
func each(act restore.Act, change func(*restore.Action)) func(testing.TB) planted {
	return restorers(nil, func(p *restore.Plan) {
		for i := range p.Actions {
			if p.Actions[i].Act == act {
				change(&p.Actions[i])
			}
		}
	})
}

// eachFlag changes every action on flags, and leaves out those that change none any more.
func eachFlag(change func(*restore.Action)) func(testing.TB) planted {
	return restorers(nil, func(p *restore.Plan) {
		for i := range p.Actions {
			if p.Actions[i].Act == restore.Flag {
				change(&p.Actions[i])
			}
		}
		p.Actions = slices.DeleteFunc(p.Actions, func(a restore.Action) bool { return a.Act == restore.Flag && len(a.Add)+len(a.Remove) == 0 })
	})
}

// none leaves out the actions of these kinds.
func none(acts ...restore.Act) func(testing.TB) planted {
	return restorers(nil, func(p *restore.Plan) {
		p.Actions = slices.DeleteFunc(p.Actions, func(a restore.Action) bool { return slices.Contains(acts, a.Act) })
	})
}

// ofTheRestorers are bugs of what decides what has to be brought back.
func ofTheRestorers() []bird {
	return []bird{
		{name: "copies-without-flags", where: "restore.CopyMissing", what: "copied messages have no flags", plant: each(restore.Copy, func(a *restore.Action) { a.Flags = nil })},
		{name: "copies-without-date", where: "restore.CopyMissing", what: "copied messages have the INTERNALDATE of the restore", plant: each(restore.Copy, func(a *restore.Action) { a.InternalDate = time.Time{} })},
		{name: "copied-again", where: "restore.CopyMissing", what: "what has come since the freeze is copied once more", plant: each(restore.Keep, func(a *restore.Action) {
			if strings.HasPrefix(a.Why, "the serving server has got it since the freeze") {
				a.Act = restore.Copy
			}
		})},
		{name: "tombstones-ignored", where: "restore.CarryExpunges", what: "expunges that were never replicated are not carried over", plant: none(restore.Expunge)},
		{name: "doubtful-untold", held: property.NoResurrection{}, where: "restore.CarryExpunges", what: "nobody is told which messages are doubtful", plant: each(restore.Keep, func(a *restore.Action) { a.Doubtful = false })},
		{name: "doubtful-expunged", held: property.NoResurrection{}, where: "restore.CarryExpunges", what: "what may have been deleted is deleted", plant: each(restore.Keep, func(a *restore.Action) {
			if a.Doubtful && !a.AboutFlags() && a.Mailbox != "" {
				a.Act, a.Doubtful = restore.Expunge, false
			}
		})},
		{name: "flags-only-added", where: "restore.MergeFlags", what: "flags that users had taken away stay", plant: eachFlag(func(a *restore.Action) { a.Remove = nil })},
		{name: "keywords-not-merged", where: "restore.MergeFlags", what: "keywords are left as they are", plant: eachFlag(func(a *restore.Action) {
			a.Add, a.Remove = systemFlags(a.Add), systemFlags(a.Remove)
		})},
		{name: "renames-forgotten", where: "restore.RestoreMailboxes", what: "mailboxes keep the names that they had on the replica", plant: none(restore.Rename)},
		{name: "deletions-forgotten", where: "restore.RestoreMailboxes", what: "mailboxes that users had deleted stay", plant: none(restore.Delete)},
		{name: "creations-forgotten", where: "restore.RestoreMailboxes", what: "mailboxes that never reached the replica are not made", plant: none(restore.Create, restore.Remake)},
		{name: "quota-forgotten", where: "restore.MergeSettings", what: "quotas are not restored", plant: none(restore.SetQuota)},
		{name: "annotations-forgotten", where: "restore.MergeSettings", what: "annotations are not restored", plant: none(restore.SetAnnotation)},
		{name: "rights-merged-backwards", where: "restore.MergeSettings", what: "an ACL is set to what it was", plant: each(restore.SetACL, func(a *restore.Action) { a.Value, a.Was = a.Was, a.Value })},
		{name: "script-not-activated", where: "restore.RestoreScripts", what: "scripts are stored, and none is activated", plant: none(restore.Activate)},
		{name: "stale-bytecode-ignored", where: "restore.RestoreScripts", what: "a script whose bytecode is stale is taken for good, as its source is", plant: restorers(func(s *restore.Scene) {
			s.Findings = slices.DeleteFunc(slices.Clone(s.Findings), func(f detect.Finding) bool {
				return f.Kind == target.CompiledScriptStale || f.Kind == target.CompiledScriptMissing
			})
		}, nil)},
		{name: "last-account-skipped", where: "restore.Restorer", what: "the last of several accounts is left out", plant: restorers(func(s *restore.Scene) {
			s.Accounts = s.Accounts[:max(1, len(s.Accounts)-1)]
		}, nil)},
	}
}

func systemFlags(flags []string) []string {
	return slices.DeleteFunc(slices.Clone(flags), func(flag string) bool { return !strings.HasPrefix(flag, `\`) })
}
