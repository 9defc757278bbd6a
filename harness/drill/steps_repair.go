package drill

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	errNoFreeze  = errors.New("no freeze was taken: put a freeze step before the promotion")
	errNoRescued = errors.New("the old master was not brought up apart: put a rescue step before the restore")
)

func (r *run) detect(ctx context.Context, step plan.Detect) (string, error) {
	detector, ok := detect.ByName(step.Detector.Name)
	if !ok {
		return "", fmt.Errorf("no such detector: %q", step.Detector.Name)
	}
	sides, master, err := r.sides(step.Sides)
	if err != nil {
		return "", err
	}
	found, err := r.watched(ctx, detector.Name(), func() ([]detect.Finding, error) {
		return r.logic.detector(detector).Detect(ctx, detect.Scene{
			Clock: r.pair.Clock(), Executor: r.pair.Executor(), Accounts: r.plan.Accounts, Sides: sides, Master: master,
		})
	})
	if err != nil {
		return "", err
	}
	r.result.Findings = append(r.result.Findings, found...)
	r.findings = append(r.findings, found...)
	for i := range found {
		r.emit(EventFinding, false, "%s", &found[i])
		r.markFinding(found[i])
	}
	r.markCounts(detector.Name(), found)
	return foundInWords(found), nil
}

// sides returns what a detector is to look at, and who was master in it.
func (r *run) sides(sides plan.Sides) (looked []detect.Side, master target.ServerName, err error) {
	servers := r.pair.Servers()
	switch sides {
	case plan.FrozenSides:
		if r.freeze == nil {
			return nil, "", errNoFreeze
		}
		for _, server := range servers {
			side, err := r.freeze.Side(server.Name())
			if err != nil {
				return nil, "", err
			}
			looked = append(looked, side)
		}
		return looked, r.freeze.Master(), nil
	case plan.ServingAlone:
		serving := r.pair.Serving()
		return []detect.Side{detect.LiveSide(serving)}, serving.Name(), nil
	case plan.RescuedAndServing:
		if r.rescued == "" {
			return nil, "", errNoRescued
		}
		return []detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])}, r.rescued, nil
	default:
		return []detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])}, r.pair.Serving().Name(), nil
	}
}

func foundInWords(found []detect.Finding) string {
	if len(found) == 0 {
		return "nothing found"
	}
	kinds, accounts := map[target.Kind]int{}, map[string]bool{}
	var order []target.Kind
	for _, f := range found {
		if kinds[f.Kind] == 0 {
			order = append(order, f.Kind)
		}
		kinds[f.Kind]++
		if f.Account != "" {
			accounts[f.Account] = true
		}
	}
	text := fmt.Sprintf("%d findings in %d accounts:", len(found), len(accounts))
	if len(accounts) == 0 {
		text = fmt.Sprintf("%d findings:", len(found))
	}
	for i, kind := range order {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %d %s", kinds[kind], kind)
	}
	return text
}

func (r *run) restore(ctx context.Context, step plan.Restore) (string, error) {
	restorer, ok := restore.ByName(step.Restorer.Name)
	if !ok {
		return "", fmt.Errorf("no such restorer: %q", step.Restorer.Name)
	}
	if r.rescued == "" && !restore.WithoutRescued(restorer) {
		return "", errNoRescued
	}
	if tool := r.tools.inPlaceOf(restorer.Name()); tool != nil {
		return r.restoreBy(ctx, tool, step)
	}
	scene := r.restoreScene(ctx)
	planned, err := r.logic.restorer(restorer).Plan(ctx, scene)
	if err == nil {
		planned, err = planned.Under(restore.Policy(step.Policy))
	}
	if err != nil {
		return "", err
	}
	r.note("planned: %s", plannedInWords(planned))
	report, err := r.apply(ctx, scene, planned, step)
	r.result.Restores = append(r.result.Restores, RestoreResult{Step: r.step, Plan: planned, Report: report})
	r.markRestore(restorer.Name(), planned, report)
	r.measureOutage(ctx)
	summary := report.InWords()
	if err == nil && len(report.Left) > 0 {
		err = fmt.Errorf("%d actions could not be done, the first: %s (%s)", len(report.Left), report.Left[0].Action, report.Left[0].Reason)
	}
	return summary, err
}

// restoreScene is what a restore works with.
func (r *run) restoreScene(ctx context.Context) restore.Scene {
	scene := restore.Scene{
		Freeze: r.freeze, Findings: r.findings, Accounts: r.plan.Accounts,
		Serving: r.pair.Serving(), Operator: r.pair.Operator(), Executor: r.pair.Executor(),
		Clock: r.pair.Clock(), Role: r.pair.Role,
	}
	scene.Other = r.pair.Server(scene.Serving.Name().Other())
	scene.Sync, _ = r.pair.Operator().(target.SyncDialer)
	if r.rescued != "" {
		scene.Rescued = r.pair.Server(r.rescued)
		if len(r.result.Restores) == 0 || r.result.Restores[len(r.result.Restores)-1].Plan.Restorer == (restore.RebuildMailboxes{}).Name() {
			r.markSituation(ctx) // before the first restore changes it
		}
	}
	return scene
}

func plannedInWords(p restore.Plan) string {
	var parts []string
	for _, act := range restore.Acts() {
		if n := p.Count(act); n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, act))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
