package reduce_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/reduce"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
)

// regexpRuns is what a reduction takes.
var regexpRuns = regexp.MustCompile(`in [0-9]+ runs`)

func parse(t testing.TB, text string) *plan.Plan {
	t.Helper()
	p, err := plan.Parse("test.yaml", []byte(text), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// incident is a scenario with edits: pairs of old and new text.
func incident(t testing.TB, name string, edits ...string) *plan.Plan {
	t.Helper()
	text, err := scenarios.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.NewReplacer(edits...).Replace(string(text))
	if edited == string(text) && len(edits) > 0 {
		t.Fatal("the edits changed nothing")
	}
	return parse(t, edited)
}

func kinds(p *plan.Plan) []string {
	var all []string
	for _, s := range p.Steps {
		all = append(all, string(s.Kind))
	}
	return all
}

const haystack = `apiVersion: cyrdrill/v1
name: haystack
title: Much happens, and little of it matters
seed: 9
pair: {cyrus: bookworm, repeatInterval: 2s}
accounts: [frank, judy, ivan, heidi, olivia]
steps:
  - seed: {mailboxes: 7, messages: 500}
  - rules
  - work: {operations: 20}
  - wait: {until: replicated, within: 90s}
  - detect: {detector: monitor}
  - fault: {any: {sync-client-killed: 1, network-slow: 4}, on: master, count: 3}
  - deliver: {to: [judy, ivan, heidi], count: 40}
  - append: {account: olivia, count: 12}
  - clock: {advance: 100h}
  - fault: {name: mailbox-entry-lost, on: replica, accounts: [frank, heidi], count: 9}
  - work: {operations: 31, only: [flag, expunge, move]}
  - expunge: {account: heidi, count: 4}
  - wait: {until: replicated}
  - detect: {detector: body-compare}
expect:
  marks: [nothing-found]
  properties: [no-loss, no-doubles, access, state-kept]
`

// needles fails where the plan holds a clock step of 30 hours or more, heidi gets at
// least 17 messages and a mailbox-entry-lost can hurt her.
func needles(_ context.Context, p *plan.Plan) (reduce.Outcome, error) {
	clock, mail, fault := false, false, false
	for _, s := range p.Steps {
		clock = clock || s.Clock != nil && s.Clock.Advance.Hours() >= 30
		mail = mail || s.Deliver != nil && s.Deliver.Count >= 17 && slices.Contains(s.Deliver.To, "heidi")
		fault = fault || s.Fault != nil && s.Fault.Name.Name == "mailbox-entry-lost" && slices.Contains(s.Fault.Accounts, "heidi")
	}
	if !clock || !mail || !fault {
		return reduce.Outcome{}, nil
	}
	return reduce.Outcome{Failure: reduce.Failure{"no-loss"}, Says: "no-loss: a message of heidi's is not there", Marks: []string{"nothing-found"}}, nil
}

// Of a plan with planted needles these are left, and nothing else: and it reads as if a
// person had written it.
func TestOnlyTheNeedlesAreLeft(t *testing.T) {
	r, err := reduce.Reduce(t.Context(), parse(t, haystack), reduce.Options{Run: needles, Names: drill.Names(), Repeats: 2})
	if err != nil {
		t.Fatal(err)
	}
	const want = `apiVersion: cyrdrill/v1
name: no-loss-after-mailbox-entry-lost
title: "After mailbox-entry-lost: no-loss is broken"

description: |
  no-loss: a message of heidi's is not there.

  Reduced from haystack (14 steps, 5 accounts, seed 9) in RUNS runs.
  It failed in 2 of 2 runs; the plan that it comes from in 2 of 2.

seed: 1
pair: {cyrus: bookworm, repeatInterval: 0s}
accounts: [heidi]

steps:
  # Users at work.
  - deliver: {count: 17}
  - clock: {advance: 30h}

  # It breaks: the entry of some mailboxes in mailboxes.db is gone: for their users they are not there; the next login of one without an INBOX makes a new one.
  - fault: {name: mailbox-entry-lost, on: replica}

expect:
  marks: [nothing-found]
  properties: [no-loss]
`
	got := regexpRuns.ReplaceAllString(string(r.Plan.Text()), "in RUNS runs")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the reduced plan (-want +got):\n%s", diff)
	}
	if !r.Complete || r.Runs > 150 {
		t.Errorf("complete: %v, %d runs, %d skipped", r.Complete, r.Runs, r.Skipped)
	}
}

// What a drill shows on the simulator is reduced to a plan that shows the same there.
func TestASimulatedDrillIsReduced(t *testing.T) {
	run := reduce.OnTarget(sim.New())
	p := incident(t, "unreplicated-mail", "  - restore: {restorer: copy-missing}\n", "  - restore: {restorer: copy-everything}\n",
		"[no-loss, no-resurrection, restore-repeatable, isolation]", "[no-loss, no-resurrection, isolation]")
	r, err := reduce.Reduce(t.Context(), p, reduce.Options{Run: run, Names: drill.Names(), Seeds: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d runs, %d skipped:\n%s", r.Runs, r.Skipped, r.Plan.Text())
	if len(r.Plan.Accounts) != 1 || !slices.Contains(kinds(r.Plan), "restore") || len(r.Plan.Steps) > 11 {
		t.Errorf("left are %d accounts and %v", len(r.Plan.Accounts), kinds(r.Plan))
	}
	if len(r.Plan.Expect.Marks) == 0 || len(r.Plan.Expect.Marks) >= len(p.Expect.Marks) {
		t.Errorf("of the %d marks it promises %v", len(p.Expect.Marks), r.Plan.Expect.Marks)
	}
	again, err := run(t.Context(), r.Plan)
	if err != nil || !again.Failure.Same(reduce.Failure{"no-resurrection"}) {
		t.Errorf("it fails by %q: %v", again.Failure, err)
	}
}

// A restore that is broken must not become one that is missing: the death of the master
// without a restore loses mail as well.
func TestARepairStaysWhileItsDamageDoes(t *testing.T) {
	p := incident(t, "unreplicated-mail")
	// The bug: copy-missing is there, and brings nothing back.
	run := func(ctx context.Context, p *plan.Plan) (reduce.Outcome, error) {
		without := p.Clone()
		without.Steps = slices.DeleteFunc(without.Steps, func(s plan.Step) bool {
			return s.Restore != nil && s.Restore.Restorer.Name == "copy-missing"
		})
		return reduce.OnTarget(sim.New())(ctx, without)
	}
	r, err := reduce.Reduce(t.Context(), p, reduce.Options{Run: run, Names: drill.Names()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", r.Plan.Text())
	if !slices.ContainsFunc(r.Plan.Steps, func(s plan.Step) bool { return s.Restore != nil && s.Restore.Restorer.Name == "copy-missing" }) {
		t.Errorf("the restore that does not work was taken away:\n%s", r.Plan.Text())
	}
	if slices.ContainsFunc(r.Plan.Steps, func(s plan.Step) bool { return s.Restore != nil && s.Restore.Restorer.Name == "carry-expunges" }) {
		t.Errorf("a restore that has nothing to do with it was kept:\n%s", r.Plan.Text())
	}
	// With a restore that works what is left passes.
	if o, err := reduce.OnTarget(sim.New())(t.Context(), r.Plan); err != nil || len(o.Failure) > 0 {
		t.Errorf("with a restore that works it fails by %s: %v", o.Failure, err)
	}
}

// A smaller plan that fails otherwise is not taken.
func TestAReductionDoesNotSlipToAnotherFailure(t *testing.T) {
	run := func(ctx context.Context, p *plan.Plan) (reduce.Outcome, error) {
		if len(p.Accounts) < 3 {
			return reduce.Outcome{Failure: reduce.Failure{"access"}}, nil
		}
		return reduce.Outcome{Failure: reduce.Failure{"no-loss"}}, nil
	}
	r, err := reduce.Reduce(t.Context(), parse(t, haystack), reduce.Options{Run: run, Names: drill.Names()})
	if err != nil || len(r.Plan.Accounts) != 3 || !r.Failure.Same(reduce.Failure{"no-loss"}) {
		t.Errorf("%v, failing by %s: %v", r.Plan.Accounts, r.Failure, err)
	}
}

// A failure that comes in one run of five is reduced as far, and its rate is told.
func TestAFailureThatIsNotCertain(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 1))
	run := func(ctx context.Context, p *plan.Plan) (reduce.Outcome, error) {
		if chance.IntN(5) > 0 {
			return reduce.Outcome{}, nil
		}
		return needles(ctx, p)
	}
	r, err := reduce.Reduce(t.Context(), parse(t, haystack), reduce.Options{Run: run, Names: drill.Names(), Repeats: 50})
	if err != nil {
		t.Fatal(err)
	}
	if r.Before.Runs != 50 || r.Before.Failed < 5 || r.Before.Failed > 15 || r.After.Failed == 0 || r.After.Failed > 18 {
		t.Errorf("failed before in %s, after in %s", r.Before, r.After)
	}
	// Each plan that fails is given nine chances of ten to do so: few steps too many stay.
	if len(r.Plan.Steps) > 4 || len(r.Plan.Accounts) > 1 || r.Runs < 500 {
		t.Errorf("left are %v of %v, after %d runs", kinds(r.Plan), r.Plan.Accounts, r.Runs)
	}
}

// Plans that are none are not run: what is wrong with them is no failure of the pair.
func TestInvalidPlansAreNotRun(t *testing.T) {
	run := func(_ context.Context, p *plan.Plan) (reduce.Outcome, error) {
		if wrong := plan.Misplaced(p, drill.Names()); len(wrong) > 0 {
			t.Errorf("run although %v:\n%s", wrong, p.Text())
		}
		if len(p.Steps) > 3 {
			return reduce.Outcome{Failure: reduce.Failure{"no-loss"}}, nil
		}
		return reduce.Outcome{}, nil
	}
	if _, err := reduce.Reduce(t.Context(), incident(t, "replica-behind-and-corrupt"), reduce.Options{Run: run, Names: drill.Names()}); err != nil {
		t.Error(err)
	}
}

func TestBudgetAndPlansThatHold(t *testing.T) {
	names := drill.Names()
	r, err := reduce.Reduce(t.Context(), parse(t, haystack), reduce.Options{Run: needles, Names: names, Runs: 5})
	if err != nil || r.Complete || r.Runs > 6 || !strings.Contains(r.Plan.Description, "budget was spent") {
		t.Errorf("after a budget of 5 runs: %+v, %v", r, err)
	}
	var holds *reduce.HoldsError
	if _, err := reduce.Reduce(t.Context(), parse(t, haystack), reduce.Options{Run: needles, Names: names, Failure: reduce.Failure{"access"}}); !errors.As(err, &holds) {
		t.Errorf("a plan that fails otherwise: %v", err)
	}
	broken := errors.New("no pair could be made")
	if _, err := reduce.Reduce(t.Context(), parse(t, haystack), reduce.Options{
		Run: func(context.Context, *plan.Plan) (reduce.Outcome, error) { return reduce.Outcome{}, broken }, Names: names,
	}); !errors.Is(err, broken) {
		t.Errorf("where no run can be made: %v", err)
	}
}
