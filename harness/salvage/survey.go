package salvage

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

const (
	// together are so many accounts that are read and planned at once; surveyedAtOnce
	// such groups are at work, so that the servers need not wait while one is compared.
	accountsTogether = 4
	surveyedAtOnce   = readAtOnce / accountsTogether
	// listedTogether are so many accounts, whole groups, of which the servers' lists are
	// asked for at once, and held.
	listedTogether = 64 * accountsTogether
)

// survey plans a restore, group of accounts by group.
type survey struct {
	pair             *field.Pair
	options          Options
	rescued, serving *field.Server
	of               accounts
	scripts          bool // both servers tell of them
	rebuilds         bool
}

// prepare finds out what is to be looked at.
func (s *survey) prepare(ctx context.Context) (err error) {
	if s.rescued, s.serving, err = sides(s.pair); err != nil {
		return err
	}
	if len(s.options.Restorers) == 0 {
		s.options.Restorers = []restore.Restorer{restore.Everything{}}
	}
	if err := together(s.options.Restorers); err != nil {
		return err
	}
	if s.of, err = accountsOf(ctx, s.pair, s.options.Accounts); err != nil {
		return err
	}
	s.scripts = s.rescued.Has(view.Sieve) && s.serving.Has(view.Sieve)
	s.rebuilds = s.options.Restorers[0].Name() == restore.RebuildMailboxes{}.Name()
	return compare.CheckNames(ctx, s.pair, s.of.names)
}

// groups are the accounts, as they are read.
func (s *survey) groups() [][]string {
	return slices.Collect(slices.Chunk(s.of.names, accountsTogether))
}

// each does something with each group, a few of them side by side, and with what the servers
// list.
func (s *survey) each(ctx context.Context, do func(ctx context.Context, i int, group []string, lists restore.Lists) error) error {
	first := 0
	for some := range slices.Chunk(s.of.names, listedTogether) {
		lists, err := restore.ListApart(ctx, realtime.Time{}, s.rescued, s.serving, some)
		if err != nil {
			return err
		}
		var tasks []func(context.Context) error
		for group := range slices.Chunk(some, accountsTogether) {
			i := first
			tasks = append(tasks, func(ctx context.Context) error { return do(ctx, i, group, lists) })
			first++
		}
		if err := (few{most: surveyedAtOnce}).Run(ctx, tasks...); err != nil {
			return err
		}
	}
	return nil
}

// freeze reads both servers.
func (s *survey) freeze(ctx context.Context, group []string, lists restore.Lists) (*restore.Freeze, error) {
	return restore.FreezeApart(ctx, realtime.Time{}, few{most: readAtOnce}, s.rescued, s.serving, group, lists)
}

// evidence returns the freeze that is kept in a file, which is made where it is not there;
// nil: it is kept nowhere.
func (s *survey) evidence(ctx context.Context) (*freezeFile, error) {
	if s.options.FreezeFile == "" {
		return nil, nil
	}
	return openFreeze(s.options.FreezeFile, s.of.names, s.rescued.Name(), s.serving.Name(), func(keep func(*restore.Freeze) error) error {
		return s.each(ctx, func(ctx context.Context, _ int, group []string, lists restore.Lists) error {
			freeze, err := s.freeze(ctx, group, lists)
			if err != nil {
				return err
			}
			return keep(freeze)
		})
	})
}

// plan plans group by group, on what is kept or on what is read now.
func (s *survey) plan(ctx context.Context, kept *freezeFile) (restore.Plan, error) {
	parts := make([]restore.Plan, len(s.groups()))
	err := s.each(ctx, func(ctx context.Context, i int, group []string, lists restore.Lists) (err error) {
		scene := restore.Scene{Accounts: group, Rescued: s.rescued, Serving: s.serving, Executor: few{most: readAtOnce}, Clock: realtime.Time{}, Sync: lines{s.pair}}
		var live []detect.Finding
		err = scene.Executor.Run(ctx, func(ctx context.Context) (err error) {
			if kept != nil {
				scene.Freeze, err = kept.freeze(group)
			} else if scene.Freeze, err = s.freeze(ctx, group, lists); err == nil {
				scene.Seen = scene.Freeze.Sides[s.serving.Name()]
			}
			return err
		}, func(ctx context.Context) (err error) {
			if live, err = unusable(ctx, s.pair, group, lists.Serving); err != nil {
				err = fmt.Errorf("looking what cannot be opened: %w", err)
			}
			return err
		})
		if err == nil {
			live, err = unusableOfOthers(ctx, s.pair, scene.Freeze.Sides[s.serving.Name()], group, live)
		}
		if err == nil {
			parts[i], err = s.planGroup(ctx, scene, live)
		}
		return err
	})
	return joined(restorersOf(s.options.Restorers), parts), err
}

// joined is one plan of several. Each part is let go when it is in: of a large plan there
// are not two.
func joined(restorer string, parts []restore.Plan) restore.Plan {
	actions, sights := 0, 0
	for _, part := range parts {
		actions, sights = actions+len(part.Actions), sights+len(part.Saw)
	}
	whole := restore.Plan{Restorer: restorer, Actions: make([]restore.Action, 0, actions), Saw: make([]restore.Sight, 0, sights)}
	for i, part := range parts {
		whole.Actions, whole.Saw = append(whole.Actions, part.Actions...), append(whole.Saw, part.Saw...)
		parts[i] = restore.Plan{}
	}
	return whole
}

// planGroup plans what is in a scene, on what was found on the serving server as it is.
func (s *survey) planGroup(ctx context.Context, scene restore.Scene, live []detect.Finding) (plan restore.Plan, err error) {
	if !s.scripts {
		scene.Freeze = withoutScripts(scene.Freeze)
	}
	master, undecided := s.rescued.Name(), []restore.Action(nil)
	if s.options.Untouched {
		if why := scene.Freeze.Touched(s.rescued.Name(), s.serving.Name()); why != "" {
			return plan, &target.SetupError{Problem: fmt.Sprintf("%s is not untouched: %s", s.serving.Name(), why), Mend: "leave out --untouched"}
		}
	} else {
		master = ""
		if scene.Freeze, undecided, err = scene.Freeze.Parted(s.rescued.Name(), s.serving.Name()); err != nil {
			return plan, err
		}
	}
	if scene.Findings, err = differences(ctx, s.pair, scene.Freeze, scene.Accounts, master); err != nil {
		return plan, fmt.Errorf("looking for what is missing: %w", err)
	}
	scene.Findings = append(scene.Findings, live...)
	if plan, err = planAll(ctx, scene, s.options.Restorers); err != nil || s.rebuilds {
		return plan, err
	}
	plan.Actions = append(append(plan.Actions, undecided...), unreadable(scene, s.serving)...)
	return plan, nil
}
