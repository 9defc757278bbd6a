package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/outside"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// tools are the restore tools that take the place of restorers.
type tools struct {
	commands  []*outside.Command
	ran       map[string]int // the step in which a tool was run, by its name
	directory string         // of all that tools keep; empty: none was run yet
}

// inPlaceOf returns the tool that takes a restorer's place; nil: none does.
func (t *tools) inPlaceOf(restorer string) *outside.Command {
	var general *outside.Command
	for _, c := range t.commands {
		switch {
		case c.Name() == restorer:
			return c
		case c.Takes(restorer):
			general = c
		}
	}
	return general
}

func (t *tools) directoryOf(tool *outside.Command) (string, error) {
	if t.directory == "" {
		made, err := os.MkdirTemp("", "cyrdrill-restorers-")
		if err != nil {
			return "", err
		}
		t.directory = made
	}
	return filepath.Join(t.directory, tool.Name()), nil
}

func (t *tools) close() error {
	if t.directory == "" {
		return nil
	}
	return os.RemoveAll(t.directory)
}

// CheckTools says which tool has no place in a plan, or shares it with another.
func CheckTools(p *plan.Plan, commands []*outside.Command) error {
	for i, c := range commands {
		places := 0
		for _, step := range p.Steps {
			if step.Restore == nil || !c.Takes(step.Restore.Restorer.Name) {
				continue
			}
			places++
			for _, other := range commands[:i] {
				if other.Takes(step.Restore.Restorer.Name) && other.Name() != step.Restore.Restorer.Name && c.Name() != step.Restore.Restorer.Name {
					return fmt.Errorf("%s and %s would both take the place of %s", other.Name(), c.Name(), step.Restore.Restorer.Name)
				}
			}
		}
		_, ours := restore.ByName(c.Name())
		switch {
		case places == 0 && ours:
			return fmt.Errorf("%s has no step by %s, whose place the command could take", p.Name, c.Name())
		case places == 0:
			return fmt.Errorf("%s has no step that restores from a rescued store, whose place %s could take", p.Name, c.Name())
		}
	}
	return nil
}

// runsOf is how often a tool is to be killed, over all steps whose place it takes, and
// run in all.
func (r *run) runsOf(tool *outside.Command, step plan.Restore) (kills, runs int) {
	kills = step.Kills
	if tool.Name() != step.Restorer.Name {
		for _, other := range r.plan.Steps {
			if other.Restore != nil && r.tools.inPlaceOf(other.Restore.Restorer.Name) == tool {
				kills = max(kills, other.Restore.Kills)
			}
		}
	}
	runs = kills + 1
	if r.expects(property.Repeatable{}) {
		runs++
	}
	return kills, runs
}

// toolTime is how long a restore step may take beyond what all steps may, for the tool
// that takes its place.
func (r *run) toolTime(step plan.Restore) time.Duration {
	tool := r.tools.inPlaceOf(step.Restorer.Name)
	if tool == nil {
		return 0
	}
	_, runs := r.runsOf(tool, step)
	return time.Duration(runs) * tool.Within()
}

// restoreBy lets a tool restore in place of a step's restorer. One that takes the place
// of several steps is run in the first of them. What it did is what is seen to have
// changed, whatever it says; where it fails, what it did stands, and the step has failed.
func (r *run) restoreBy(ctx context.Context, tool *outside.Command, step plan.Restore) (string, error) {
	if at, ran := r.tools.ran[tool.Name()]; ran && tool.Name() != step.Restorer.Name {
		return fmt.Sprintf("left to %s, which was run in step %d", tool.Name(), at), nil
	}
	r.tools.ran[tool.Name()] = r.step
	directory, err := r.tools.directoryOf(tool)
	if err != nil {
		return "", fmt.Errorf("making a directory for %s: %w", tool.Name(), err)
	}
	scene := outside.Scene{Scene: r.restoreScene(ctx), Policy: restore.Policy(step.Policy), Directory: directory, Observe: r.noteProgress(tool)}
	scene.Machines, _ = r.pair.(target.Machines)
	before, err := r.indexes(ctx)
	if err != nil {
		return "", err
	}
	kills, _ := r.runsOf(tool, step)
	did := &toolRun{run: r, tool: tool, scene: scene, result: ToolResult{Command: tool.Line()}}
	failed := did.all(ctx, kills)
	after, err := r.indexes(ctx)
	if err != nil {
		return "", errors.Join(failed, err)
	}
	planned, report := seen(tool.Name(), before, after, did.said)
	if failed != nil {
		did.result.Failed = failed.Error()
	} else if failed = did.again(ctx, after); failed != nil {
		did.result.Failed = failed.Error()
	}
	r.result.Restores = append(r.result.Restores, RestoreResult{Step: r.step, Plan: planned, Report: report, Tool: &did.result})
	r.markRestore(tool.Name(), planned, report)
	r.measureOutage(ctx)
	if failed == nil && len(report.Left) > 0 {
		failed = fmt.Errorf("%s left %d undone, the first: %s (%s)", tool.Name(), len(report.Left), report.Left[0].Action, report.Left[0].Reason)
	}
	return report.InWords(), failed
}

func (r *run) noteProgress(tool *outside.Command) func(float64, string) {
	return func(share float64, text string) {
		r.note("%s", strings.TrimSuffix(fmt.Sprintf("%s: %.0f %% done, %s", tool.Name(), 100*share, text), ", "))
	}
}

// toolRun is a tool at work, as often as a step asks for it.
type toolRun struct {
	*run
	tool   *outside.Command
	scene  outside.Scene
	result ToolResult
	said   outside.Said // in the run that counts
}

// firstKillWithin is within what time a tool is killed of which nobody knows yet how
// long it takes.
const firstKillWithin = time.Second

// all kills the tool as often as it is asked for, at moments drawn by the plan's seed
// from the time that it was seen to take, and then lets it come to its end.
func (t *toolRun) all(ctx context.Context, kills int) error {
	took := firstKillWithin
	for range kills {
		after := time.Duration(t.chance.Int64N(int64(took)))
		mortal, kill := context.WithCancelCause(ctx)
		t.scene.Began = func() { time.AfterFunc(after, func() { kill(command.ErrKilled) }) }
		err := t.once(mortal)
		t.scene.Began = nil
		kill(nil)
		switch {
		case errors.Is(err, command.ErrKilled):
			t.result.Killed++
			t.reach(MarkRestoreKilled, "%s after %s", t.tool.Name(), after.Round(time.Millisecond))
			t.note("%s was killed after %s", t.tool.Name(), after.Round(time.Millisecond))
		case err != nil:
			return err
		default:
			took = max(t.result.Took, time.Millisecond)
		}
	}
	return t.once(ctx)
}

// once runs the tool.
func (t *toolRun) once(ctx context.Context) error {
	began := time.Now()
	said, err := t.tool.Run(ctx, t.scene)
	if !errors.Is(err, command.ErrKilled) {
		t.result.Runs, t.result.Took = t.result.Runs+1, time.Since(began)
		t.said = said
	}
	return err
}

// again runs the tool once more where the drill expects that this changes nothing.
func (t *toolRun) again(ctx context.Context, once map[string]target.Snapshot) error {
	if !t.expects(property.Repeatable{}) {
		return nil
	}
	said := t.said
	err := t.once(ctx)
	t.said = said // of the first time: by the second there is nothing left to say
	if err != nil {
		return fmt.Errorf("run once more: %w", err)
	}
	twice, err := t.indexes(ctx)
	if err != nil {
		return err
	}
	t.repeats = append(t.repeats, property.Repeat{
		What: fmt.Sprintf("run twice (%s, step %d)", t.tool.Name(), t.step), Server: t.scene.Serving.Name(), Want: once, Got: twice,
	})
	return nil
}
