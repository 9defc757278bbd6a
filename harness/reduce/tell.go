package reduce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// longestName is how long a plan's name may be.
const longestName = 64

// tell gives the reduced plan a name, a title, a description and comments, and returns it
// as it is read. Of the marks that it came with it promises those that it still reaches: so
// that it cannot hold one day by no longer getting there.
func tell(r *Reduced, original *plan.Plan, known plan.Names) (*plan.Plan, error) {
	p := r.Plan.Clone()
	p.File = ""
	if len(p.Expect.Marks) == 0 {
		for _, ref := range original.Expect.Marks {
			if slices.Contains(r.marks, ref.Name) {
				p.Expect.Marks = append(p.Expect.Marks, ref)
			}
		}
	}
	p.Name, p.Title = nameOf(p, r.Failure), titleOf(p, r.Failure)
	p.Description = describe(r, original)
	text := plan.Tell(p, comments(p.Steps))
	told, err := plan.Parse(p.Name+".yaml", text, known)
	if err != nil {
		return nil, fmt.Errorf("telling the reduced plan: %w", err)
	}
	return told, nil
}

// nameOf is what fails, and after what: "no-loss-after-process-killed".
func nameOf(p *plan.Plan, failure Failure) string {
	name := strings.ReplaceAll(failure[0], " ", "-")
	if broken := faults(p); len(broken) > 0 {
		name += "-after-" + broken[len(broken)-1]
	}
	if len(name) > longestName {
		name = strings.TrimRight(name[:longestName], "-")
	}
	return name
}

func titleOf(p *plan.Plan, failure Failure) string {
	what := failure.String() + " is broken"
	if len(failure) > 1 {
		what = failure.String() + " are broken"
	}
	if broken := faults(p); len(broken) > 0 {
		return "After " + strings.Join(broken, ", then ") + ": " + what
	}
	return "Without any fault: " + what
}

// faults are the names of a plan's faults, in their order.
func faults(p *plan.Plan) []string {
	var names []string
	for _, s := range p.Steps {
		if s.Fault == nil {
			continue
		}
		var any []string
		for _, ref := range s.Fault.Names() {
			any = append(any, ref.Name)
		}
		names = append(names, strings.Join(any, "-or-"))
	}
	return slices.Compact(names)
}

func describe(r *Reduced, original *plan.Plan) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s.\n\n", strings.TrimSuffix(oneLine(r.Says), "."))
	fmt.Fprintf(&out, "Reduced from %s (%d steps, %d accounts, seed %d) in %d runs.\n",
		original.Name, len(original.Steps), len(original.Accounts), original.Seed, r.Runs)
	fmt.Fprintf(&out, "It failed in %s runs; the plan that it comes from in %s.\n", r.After, r.Before)
	if !r.Complete {
		out.WriteString("The budget was spent before nothing more could be taken away.\n")
	}
	return out.String()
}

// oneLine is fit for a plan's text: no control characters.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }), " ")
}

// part is what some steps in a row are for.
type part string

const (
	partTraffic part = "Users at work."
	partOn      part = "Users go on."
	partFreeze  part = "The evidence first, then the promotion."
	partRepair  part = "What was lost is looked for, and brought back."
	partBack    part = "There is a pair again."
	partLook    part = "Somebody looks."
	partFault   part = "It breaks: "
)

// comments say before each part of a plan what it is for.
func comments(steps []plan.Step) map[int]string {
	told := map[int]string{}
	var last part
	promoted := false
	for i, s := range steps {
		now := partOf(s, promoted, last)
		promoted = promoted || s.Kind == plan.KindPromote
		if now == last {
			continue
		}
		if told[i] = string(now); now == partFault {
			told[i] += docOf(*s.Fault) + "."
		}
		last = now
	}
	return told
}

func partOf(s plan.Step, promoted bool, last part) part {
	switch s.Kind {
	case plan.KindFault:
		return partFault
	case plan.KindFreeze, plan.KindPromote:
		return partFreeze
	case plan.KindRescue, plan.KindRestore:
		return partRepair
	case plan.KindDetect:
		if last == partRepair {
			return last
		}
		return partLook
	case plan.KindResync, plan.KindFailback:
		return partBack
	case plan.KindWait, plan.KindClock, plan.KindExpire:
		if last != "" {
			return last
		}
	}
	if promoted {
		return partOn
	}
	return partTraffic
}

// docOf says what a fault does; of several, that it is one of them.
func docOf(f plan.Fault) string {
	if len(f.Any) > 0 {
		return "one of several faults"
	}
	if known, ok := fault.ByName(f.Name.Name); ok {
		return known.Doc()
	}
	return f.Name.Name
}
