package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// samePlan compares plans without their places and files.
var samePlan = cmp.Options{
	cmpopts.IgnoreTypes(Pos{}),
	cmpopts.IgnoreFields(Plan{}, "File"),
	cmpopts.IgnoreUnexported(Plan{}),
	cmpopts.EquateEmpty(),
}

var accountNames = rapid.StringMatching(`[a-z][a-z0-9]{0,6}([._-][a-z0-9]{1,5}){0,2}`).Filter(func(name string) bool {
	return !slices.Contains([]string{"admin", "anyone", "cyrus"}, name)
})

// drawPlan draws a plan that can be carried out: a pair at work, and in half of
// the draws a master that dies and what comes of it.
func drawPlan(t *rapid.T) *Plan {
	p := &Plan{
		APIVersion:  APIVersion,
		Name:        rapid.StringMatching(`[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,3}`).Draw(t, "name"),
		Title:       drawText(t, "title", `[^\x00-\x1f\x7f-\x{9f}]{1,40}`),
		Description: drawText(t, "description", `[^\x00-\x08\x0b-\x1f\x7f-\x{9f}]{0,60}`),
		Seed:        rapid.Uint64().Draw(t, "seed"),
		Pair: Pair{
			Cyrus:          rapid.SampledFrom([]string{"bookworm", "trixie-backports", "null", "on"}).Draw(t, "cyrus"),
			RepeatInterval: time.Duration(rapid.IntRange(0, 100_000).Draw(t, "repeat interval")) * time.Second,
		},
		Accounts: rapid.SliceOfNDistinct(accountNames, 1, 5, rapid.ID).Draw(t, "accounts"),
		Expect: Expect{
			Marks:      drawRefs(t, "marks", testNames.Marks, 0),
			Properties: drawRefs(t, "properties", testNames.Properties, 1),
		},
	}
	d := stepDrawer{t: t, accounts: p.Accounts}
	p.Steps = d.steps()
	if rapid.Bool().Draw(t, "fails") {
		p.Fails = drawFails(t, p)
	}
	return p
}

// drawText draws awkward text: of the whole alphabet that is allowed, or of the
// signs that mean something to YAML.
func drawText(t *rapid.T, label, expression string) string {
	lines := rapid.StringMatching("([a-z ][a-z:#'\"{}\\[\\],&*!|>%@`\\\\-]{0,6} ?[a-z]?){1,3}")
	if label == "description" {
		lines = rapid.Map(rapid.SliceOfN(rapid.OneOf(lines, rapid.Just(""), rapid.Just("  indented")), 1, 5),
			func(lines []string) string { return strings.Join(lines, "\n") + "\n" })
	}
	return rapid.OneOf(rapid.StringMatching(expression), lines,
		rapid.SampledFrom([]string{"null", "true", "12", "1.5", "~", "- x", "a: b", "yes", "---", "...", "\u2028", "\ufeff", "tab\there"})).
		Filter(func(s string) bool { return label != "title" || !strings.Contains(s, "\t") }).Draw(t, label)
}

// drawFails draws on which Cyrus the plan fails, by what it expects.
func drawFails(t *rapid.T, p *Plan) *Fails {
	cyrus, err := ParseVersions(rapid.SampledFrom([]string{"<3.12", ">=3.8 <3.13.1", "3.10", "3"}).Draw(t, "versions"))
	if err != nil {
		t.Fatal(err)
	}
	fails := &Fails{
		Cyrus: cyrus, Properties: p.Expect.Properties[:1], Marks: p.Expect.Marks[:min(1, len(p.Expect.Marks))],
		Because: drawText(t, "title", `[^\x00-\x1f\x7f-\x{9f}]{1,40}`),
		Fix:     rapid.SampledFrom([]string{"", "88b96fd418", "1234567", "0123456e12"}).Draw(t, "fix"),
	}
	if rapid.Bool().Draw(t, "at a step") {
		fails.Step, fails.Saying = p.Steps[0].Kind, "did not end"
	}
	return fails
}

func drawRefs(t *rapid.T, label string, names []string, least int) []Ref {
	var refs []Ref
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), least, len(names), rapid.ID).Draw(t, label) {
		refs = append(refs, Ref{Name: name})
	}
	return refs
}

type stepDrawer struct {
	t        *rapid.T
	accounts []string
}

func (d stepDrawer) count(most int) int { return rapid.IntRange(1, most).Draw(d.t, "count") }

func (d stepDrawer) account() string { return rapid.SampledFrom(d.accounts).Draw(d.t, "account") }

func (d stepDrawer) steps() []Step {
	// Enough for every expunge that may follow: four at most, of five each.
	steps := []Step{{Kind: KindDeliver, Deliver: &Deliver{To: d.accounts, Count: 20}}}
	if rapid.Bool().Draw(d.t, "seed") {
		steps = append([]Step{{Kind: KindSeed, Seed: &Seed{Mailboxes: d.count(50), Messages: d.count(100_000)}}}, steps...)
	}
	steps = append(steps, d.work()...)
	if rapid.Bool().Draw(d.t, "wait") {
		within := time.Duration(rapid.Int64Range(1, 100_000_000).Draw(d.t, "within")) * time.Millisecond
		steps = append(steps, Step{Kind: KindWait, Wait: &Wait{Until: Replicated, Within: within}})
	}
	if rapid.Bool().Draw(d.t, "pair") {
		steps = append(steps, Step{Kind: KindDetect, Detect: &Detect{Detector: Ref{Name: "index-compare"}, Sides: PairNow}})
	}
	if rapid.Bool().Draw(d.t, "death") {
		return append(steps, d.death()...)
	}
	return steps
}

func (d stepDrawer) work() []Step {
	var steps []Step
	if rapid.Bool().Draw(d.t, "deliver") {
		to := rapid.SliceOfNDistinct(rapid.SampledFrom(d.accounts), 1, len(d.accounts), rapid.ID).Draw(d.t, "to")
		steps = append(steps, Step{Kind: KindDeliver, Deliver: &Deliver{To: to, Count: d.count(10_000)}})
	}
	if rapid.Bool().Draw(d.t, "append") {
		steps = append(steps, Step{Kind: KindAppend, Append: &Append{Account: d.account(), Mailbox: inbox, Count: d.count(10_000)}})
	}
	if rapid.Bool().Draw(d.t, "expunge") {
		which := rapid.SampledFrom([]Which{Oldest, Newest, Random}).Draw(d.t, "which")
		steps = append(steps, Step{Kind: KindExpunge, Expunge: &Expunge{Account: d.account(), Mailbox: inbox, Count: d.count(5), Which: which}})
	}
	return steps
}

func (d stepDrawer) death() []Step {
	fault := func(name string, on Side) Step {
		return Step{Kind: KindFault, Fault: &Fault{Name: Ref{Name: name}, On: on, Accounts: d.accounts, Count: d.count(1000)}}
	}
	var steps []Step
	if rapid.Bool().Draw(d.t, "stopped") {
		steps = append(steps, fault("replication-stopped", Master))
	}
	if rapid.Bool().Draw(d.t, "damaged") {
		steps = append(steps, fault("index-damaged", rapid.SampledFrom([]Side{Master, Replica}).Draw(d.t, "on")))
	}
	steps = append(steps, d.work()...)
	steps = append(steps, fault("process-killed", Master))
	steps = append(steps, d.work()...)
	steps = append(steps, Step{Kind: KindFreeze, Freeze: &Freeze{}}, Step{Kind: KindPromote, Promote: &Promote{Server: Replica}})
	steps = append(steps, d.work()...)
	return append(steps,
		Step{Kind: KindRescue, Rescue: &Rescue{Server: OldMaster}},
		Step{Kind: KindDetect, Detect: &Detect{Detector: Ref{Name: "index-compare"}, Sides: FrozenSides}},
		Step{Kind: KindRestore, Restore: &Restore{
			Restorer: Ref{Name: rapid.SampledFrom(testNames.Restorers).Draw(d.t, "restorer")},
			Policy:   rapid.SampledFrom([]string{"restore", "ask", "skip"}).Draw(d.t, "policy"),
			Workers:  rapid.IntRange(1, 64).Draw(d.t, "workers"), Kills: rapid.IntRange(0, 100).Draw(d.t, "kills"),
			Rivals: rapid.IntRange(0, 100).Draw(d.t, "rivals"), Outages: rapid.IntRange(0, 100).Draw(d.t, "outages"),
		}},
		d.users(), Step{Kind: KindClock, Clock: &Clock{Advance: time.Duration(d.count(100_000)) * time.Millisecond}},
		Step{Kind: KindExpire, Expire: &Expire{Server: Master}}, Step{Kind: KindRules, Rules: &Rules{Accounts: d.accounts}},
		Step{Kind: KindResync, Resync: &Resync{Server: OldMaster}}, Step{Kind: KindFailback, Failback: &Failback{}},
	)
}

func (d stepDrawer) users() Step {
	work := &Work{Accounts: d.accounts, Operations: d.count(10_000)}
	if rapid.Bool().Draw(d.t, "only") {
		work.Only = testNames.Operations
	}
	return Step{Kind: KindWork, Work: work}
}

func TestParseReadsWhatFormatPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawPlan(t)
		text := Format(want)
		got, err := Parse("drawn.yaml", text, testNames)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(want, got, samePlan); diff != "" {
			t.Fatalf("plan (-want +got):\n%s\n%s", diff, text)
		}
		if again := Format(got); string(again) != string(text) {
			t.Fatalf("printed first\n%s\nthen\n%s", text, again)
		}
	})
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                       "0s",
		30 * time.Second:                        "30s",
		90 * time.Second:                        "1m30s",
		1500 * time.Millisecond:                 "1s500ms",
		25*time.Hour + time.Millisecond:         "25h1ms",
		time.Hour + time.Minute + 7*time.Second: "1h1m7s",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("formatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

// A plan that is told as a person writes one is read back to an equal plan, comments
// and all.
func TestTellIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		comments := map[int]string{}
		for i := range p.Steps {
			if rapid.Bool().Draw(t, "commented") {
				comments[i] = "What happens here.\nAnd why: \"because\""
			}
		}
		told := Tell(p, comments)
		again, err := Parse("told.yaml", told, testNames)
		if err != nil {
			t.Fatalf("%v\n%s", err, told)
		}
		if diff := cmp.Diff(p, again, samePlan); diff != "" {
			t.Fatalf("the plan that was told differs:\n%s\n%s", diff, told)
		}
	})
}

// What the defaults say is not told.
func TestTellLeavesOutDefaults(t *testing.T) {
	p, err := Parse("p.yaml", []byte(toldPlan), testNames)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(toldPlan, string(Tell(p, map[int]string{0: "Mail comes in.", 2: "It breaks."}))); diff != "" {
		t.Errorf("told otherwise than it was written:\n%s", diff)
	}
}

const toldPlan = `apiVersion: cyrdrill/v1
name: told
title: As a person writes it

description: |
  A story.

seed: 7
pair: {cyrus: bookworm, repeatInterval: 0s}
accounts: [alice, bob]

steps:
  # Mail comes in.
  - deliver: {to: [alice], count: 3}
  - wait: {until: replicated}

  # It breaks.
  - fault: {name: process-killed, on: master}
  - freeze
  - promote
  - rescue
  - detect: {detector: index-compare, sides: freeze}
  - restore: {restorer: copy-missing}
  - resync
  - work: {operations: 2, only: [flag]}

expect:
  properties: [no-loss]
`
