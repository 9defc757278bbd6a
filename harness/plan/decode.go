package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// decoder turns a plan's tree into a plan and checks each name on the way. It
// takes trees that the schema has refused as well, and makes of a value of the
// wrong type a zero value, about which it says nothing more.
type decoder struct {
	names    Names
	accounts []string
	errs     Errors
}

func (d *decoder) plan(n *node) *Plan {
	d.accounts = texts(n.get("accounts"))
	return &Plan{
		APIVersion:  n.get("apiVersion").str(),
		Name:        n.get("name").str(),
		Title:       n.get("title").str(),
		Description: n.get("description").str(),
		Seed:        n.get("seed").uint(),
		Pair:        d.pair(n.get("pair")),
		Accounts:    d.accounts,
		Steps:       d.steps(n.get("steps")),
		Expect: Expect{
			Marks:      d.refs(n.get("expect").get("marks"), "mark", d.names.Marks),
			Properties: d.refs(n.get("expect").get("properties"), "property", d.names.Properties),
		},
	}
}

func (d *decoder) pair(n *node) Pair {
	interval := n.get("repeatInterval")
	pair := Pair{Cyrus: n.get("cyrus").str(), RepeatInterval: d.duration(interval)}
	if pair.RepeatInterval%time.Second != 0 {
		d.errs.add(interval.pos, "", "repeatInterval must be in whole seconds, as Cyrus's sync_repeat_interval is, not %s", interval.str())
	}
	return pair
}

func (d *decoder) steps(n *node) []Step {
	var steps []Step
	for _, item := range n.list() {
		if len(item.fields) == 1 {
			steps = append(steps, d.step(item.fields[0]))
		}
	}
	return steps
}

func (d *decoder) step(f field) Step {
	s, n := Step{Kind: Kind(f.key), Pos: f.pos}, f.value
	switch s.Kind {
	case KindDeliver:
		s.Deliver = &Deliver{To: d.recipients(n.get("to")), Count: int(n.get("count").uint())}
	case KindAppend:
		s.Append = &Append{Account: d.account(n.get("account")), Mailbox: n.get("mailbox").str(), Count: int(n.get("count").uint())}
	case KindExpunge:
		s.Expunge = &Expunge{
			Account: d.account(n.get("account")), Mailbox: n.get("mailbox").str(),
			Count: int(n.get("count").uint()), Which: Which(n.get("which").str()),
		}
	case KindWait:
		s.Wait = d.wait(n)
	case KindFault:
		s.Fault = d.fault(n)
	case KindFreeze:
		s.Freeze = &Freeze{}
	case KindPromote:
		s.Promote = &Promote{Server: Side(n.get("server").str())}
	case KindRescue:
		s.Rescue = &Rescue{Server: Side(n.get("server").str())}
	case KindDetect:
		s.Detect = &Detect{Detector: d.ref(n.get("detector"), "detector", d.names.Detectors), Sides: Sides(n.get("sides").str())}
	case KindRestore:
		s.Restore = &Restore{
			Restorer: d.ref(n.get("restorer"), "restorer", d.names.Restorers),
			Policy:   n.get("policy").str(), Workers: int(n.get("workers").uint()), Kills: int(n.get("kills").uint()),
		}
	default:
		d.laterStep(&s, n)
	}
	return s
}

// laterStep decodes the steps of incidents that last.
func (d *decoder) laterStep(s *Step, n *node) {
	switch s.Kind {
	case KindSeed:
		s.Seed = &Seed{Mailboxes: int(n.get("mailboxes").uint()), Messages: int(n.get("messages").uint())}
	case KindWork:
		s.Work = &Work{Accounts: d.recipients(n.get("accounts")), Operations: int(n.get("operations").uint())}
		for _, ref := range d.refs(n.get("only"), "operation", d.names.Operations) {
			s.Work.Only = append(s.Work.Only, ref.Name)
		}
	case KindRules:
		s.Rules = &Rules{Accounts: d.recipients(n.get("accounts"))}
	case KindClock:
		advance := n.get("advance")
		s.Clock = &Clock{Advance: d.duration(advance)}
		if s.Clock.Advance == 0 && durationText.MatchString(advance.str()) {
			d.errs.add(advance.pos, "", "advance must be more than %s", advance.str())
		}
	case KindExpire:
		s.Expire = &Expire{Server: Side(n.get("server").str())}
	case KindResync:
		s.Resync = &Resync{Server: Side(n.get("server").str())}
	case KindFailback:
		s.Failback = &Failback{}
	}
}

func (d *decoder) wait(n *node) *Wait {
	within := n.get("within")
	wait := &Wait{Until: Condition(n.get("until").str()), Within: d.duration(within)}
	if wait.Within == 0 && durationText.MatchString(within.str()) {
		d.errs.add(within.pos, "", "within must be more than %s", within.str())
	}
	return wait
}

// recipients are all of the plan's accounts where the plan names none.
func (d *decoder) recipients(n *node) []string {
	if n == nil {
		return slices.Clone(d.accounts)
	}
	var to []string
	for _, item := range n.list() {
		to = append(to, d.account(item))
	}
	return to
}

func (d *decoder) account(n *node) string {
	return d.ref(n, "account", d.accounts).Name
}

func (d *decoder) refs(n *node, what string, known []string) []Ref {
	var refs []Ref
	for _, item := range n.list() {
		refs = append(refs, d.ref(item, what, known))
	}
	return refs
}

// ref returns the name with its place, and records an error when it is none of
// the known ones.
func (d *decoder) ref(n *node, what string, known []string) Ref {
	name := n.str()
	if n == nil || n.kind != scalar || n.scalar != any(name) {
		return Ref{}
	}
	if !slices.Contains(known, name) {
		d.errs.add(n.pos, suggest(name, known), "unknown %s %q", what, name)
	}
	return Ref{Name: name, Pos: n.pos}
}

func (d *decoder) duration(n *node) time.Duration {
	if !durationText.MatchString(n.str()) {
		return 0
	}
	duration, err := time.ParseDuration(n.str())
	if err != nil {
		d.errs.add(n.pos, fmt.Sprintf("a duration is at most %s", formatDuration(longest)), "duration %q is too long", n.str())
		return longest
	}
	return duration
}

func texts(n *node) []string {
	var list []string
	for _, item := range n.list() {
		list = append(list, item.str())
	}
	return list
}

// fault wants one name, or a choice of several.
func (d *decoder) fault(n *node) *Fault {
	f := &Fault{
		Name: d.ref(n.get("name"), "fault", d.names.faultNames()), Any: d.weighted(n.get("any")), On: Side(n.get("on").str()),
		Accounts: d.recipients(n.get("accounts")), Count: int(n.get("count").uint()),
		By: d.duration(n.get("by")), Rate: int(n.get("rate").uint()), Loss: int(n.get("loss").uint()),
	}
	if choice, chosen := n.field("any"); chosen && n.get("name") != nil {
		d.errs.add(choice.pos, "leave one of them out", "\"any\" stands beside \"name\": a fault is named, or drawn from several")
	}
	return f
}

// weighted reads faults and their weights, and returns them in the order of their
// names: what is drawn does not depend on how the plan is written.
func (d *decoder) weighted(n *node) []Weighted {
	if n == nil {
		return nil
	}
	var all []Weighted
	for _, f := range n.fields {
		if known := d.names.faultNames(); !slices.Contains(known, f.key) {
			d.errs.add(f.pos, suggest(f.key, known), "unknown fault %q", f.key)
		}
		all = append(all, Weighted{Fault: Ref{f.key, f.pos}, Weight: int(f.value.uint())})
	}
	slices.SortFunc(all, func(a, b Weighted) int { return strings.Compare(a.Fault.Name, b.Fault.Name) })
	return all
}
