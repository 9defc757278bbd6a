package scenarios_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

var everyAccount = []string{"alice", "bob", "carol"}

// run carries out a trial on a pair.
func (t trial) run(ctx context.Context, pair target.Pair, seed uint64, what amid, onTarget string) (*drill.Result, error) {
	p, mendAt, err := t.plan(seed, what)
	if err != nil {
		return nil, err
	}
	var failed error
	result, _ := drill.Run(ctx, p, pair, drill.Options{Target: onTarget, Observe: func(e drill.Event) {
		if e.Kind != drill.EventStepStarted || failed != nil {
			return
		}
		if e.Step == mendAt && t.mends() {
			failed = t.mend()(ctx, pair)
		}
		if step := p.Steps[e.Step-1]; step.Kind == plan.KindWait && e.Step < mendAt && strings.HasPrefix(t.fault.Name(), "seen-") {
			failed = seeOthers(ctx, pair)
		}
	}})
	return result, failed
}

// seeOthers lets each account see the mail that others show it.
func seeOthers(ctx context.Context, pair target.Pair) error {
	for _, owner := range everyAccount {
		boxes, err := pair.Serving().Index().Mailboxes(ctx, owner)
		if err != nil {
			return err
		}
		for _, m := range boxes {
			for _, other := range everyAccount {
				_, rights, shared := strings.Cut(m.ACL, other+" ")
				if rights, _, _ = strings.Cut(rights, ","); !shared || other == owner || m.LastUID == 0 || !strings.Contains(rights, "r") || !strings.Contains(rights, "s") {
					continue
				}
				if err := see(ctx, pair, other, "user/"+owner+strings.TrimPrefix(m.Name, "INBOX")); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func see(ctx context.Context, pair target.Pair, account, mailbox string) error {
	session, err := pair.Serving().User().Login(ctx, account)
	if err != nil {
		return err
	}
	defer session.Close() // what matters has been answered
	records, err := session.Records(ctx, mailbox)
	if err != nil || len(records) == 0 {
		return err
	}
	return session.SetFlags(ctx, mailbox, []uint32{records[0].UID}, []string{`\Seen`}, nil)
}

// judge holds what came of a trial against what has to.
func (t trial) judge(result *drill.Result) (wrong []string) {
	e := endings()[t.where][t.fault.Name()]
	for _, p := range result.Properties {
		if p.Verdict != property.Pass && !slices.Contains(e.may, p.Name) && !(p.Name == (property.Convergence{}).Name() && e.kept) {
			wrong = append(wrong, fmt.Sprintf("%s: %s: %s %v", p.Name, p.Verdict, strings.Join(p.Unknown, "; "), first(p.Violations)))
		}
		for _, v := range p.Violations {
			if p.Name == (property.NoLoss{}).Name() && !e.untold && !t.told(result, v) {
				wrong = append(wrong, "nobody was told of: "+v.String())
			}
		}
	}
	for _, s := range result.Steps {
		expected := s.Kind == string(plan.KindRestore) && len(e.may) > 0 || s.Kind == string(plan.KindResync) && (e.kept || slices.Contains(e.may, "convergence"))
		if s.Status == drill.StepFailed && !expected {
			wrong = append(wrong, fmt.Sprintf("step %d (%s): %s", s.Number, s.Kind, s.Error))
		}
	}
	return wrong
}

func first(violations []property.Violation) string {
	if len(violations) == 0 {
		return ""
	}
	return violations[0].String()
}

// told says whether the operator was told of a loss: by a restore that left it, by a
// detector about that message or its mailbox, or by the resync that was refused for it.
// Where users had copies of it, to be told of one of them will do.
func (t trial) told(result *drill.Result, v property.Violation) bool {
	about := func(at target.Place) bool {
		return at.Account == v.Account && (v.GUID != "" && at.GUID == v.GUID || at.Mailbox == v.Mailbox || at.Mailbox == "")
	}
	for _, r := range result.Restores {
		for _, l := range r.Report.Left {
			if about(target.Place{Account: l.Action.Account, Mailbox: l.Action.Mailbox, GUID: l.Action.GUID}) {
				return true
			}
		}
	}
	for _, f := range result.Findings {
		if unsound := []target.Kind{target.MailboxUnreadable, target.BodyDiffers, target.StrayFile, target.GUIDDiffers}; slices.Contains(unsound, f.Kind) && (about(f.Place) || t.where != onlyCopy && f.Kind == target.BodyDiffers && f.Account == v.Account) {
			return true
		}
	}
	return slices.ContainsFunc(result.Steps, func(s drill.StepResult) bool {
		return s.Kind == string(plan.KindResync) && strings.Contains(s.Error, v.Mailbox+" of "+v.Account+" ")
	})
}

// Every fault, wherever it makes sense, ends with everything restored, or with what is not
// told: also when the restore is killed, when a second one is begun beside it, and when
// the server dies amid it.
func TestEveryFaultEndsRestored(t *testing.T) {
	for _, tr := range trials() {
		if tr.fault.Name() == (fault.HastyFailover{}).Name() {
			continue // see below
		}
		t.Run(tr.String(), func(t *testing.T) {
			t.Parallel()
			for seed, what := range []amid{nothingAmid, killedAmid, rivalAmid, outageAmid} {
				e := tr.fault.Effects()
				pair, err := sim.NewPair(t.Context(), target.Spec{Seed: uint64(seed), Accounts: everyAccount, MovingClock: e.NeedsMovingClock, SmallDisk: e.NeedsSmallDisk})
				if err != nil {
					t.Fatal(err)
				}
				tr.check(t, pair, 5+uint64(seed), what, "sim")
			}
		})
	}
}

// check runs a trial and judges it.
func (tr trial) check(t *testing.T, pair target.Pair, seed uint64, what amid, onTarget string) {
	t.Helper()
	result, err := tr.run(t.Context(), pair, seed, what, onTarget)
	if err != nil {
		t.Fatal(err)
	}
	landed := len(result.Faults) > 0 && result.Faults[len(result.Faults)-1].Evidence.Landed()
	if !landed {
		t.Errorf("seed %d%s: it tests nothing: %s", seed, what, strings.Join(result.Reasons, "\n"))
		return
	}
	for _, wrong := range tr.judge(result) {
		t.Errorf("seed %d%s: %s", seed, what, wrong)
	}
}

// A failover without a freeze leaves nothing to restore by: a plan that asks for it is
// refused. (In the field it is worked out from what both have: see docs/restore.md.)
func TestHastyFailoverCannotBeRestored(t *testing.T) {
	_, _, err := trial{fault.HastyFailover{}, onMaster}.plan(1, nothingAmid)
	if err == nil || !strings.Contains(err.Error(), "cannot restore without a freeze: nothing says what was lost and what was expunged") {
		t.Error(err)
	}
}

var everyFault = flag.Bool("every-fault", false, "end every fault with a restore on real servers as well, which takes half an hour; without it, three of them")

// inCI are the trials that are run on real servers each time: one for each way in which a
// restore may have to do more than copy.
var inCI = []string{"index-truncated, replica", "message-file-missing, replica", "message-file-truncated, only copy"}

// The same on real servers: all that can happen amid a restore, in one. Trials that need
// the same of a pair share one.
func TestEveryFaultEndsRestoredOnRealServers(t *testing.T) {
	for _, spec := range []target.Spec{{}, {MovingClock: true}, {SmallDisk: true}} {
		var todo []trial
		for _, tr := range trials() {
			e := tr.fault.Effects()
			fits := e.NeedsMovingClock == spec.MovingClock && e.NeedsSmallDisk == spec.SmallDisk && !e.NeedsModel && tr.fault.Name() != "hasty-failover"
			if fits && (*everyFault || slices.Contains(inCI, tr.String())) {
				todo = append(todo, tr)
			}
		}
		if len(todo) == 0 {
			continue
		}
		spec.Accounts = everyAccount
		t.Run(fmt.Sprintf("moving clock %v, small disk %v", spec.MovingClock, spec.SmallDisk), func(t *testing.T) {
			pair := cyrustest.Pair(t, spec)
			for n, tr := range todo {
				t.Run(tr.String(), func(t *testing.T) {
					if err := pair.Reset(t.Context(), everyAccount); err != nil {
						t.Fatal(err)
					}
					tr.check(t, pair, uint64(n), allAmid, "docker")
				})
			}
		})
	}
}
