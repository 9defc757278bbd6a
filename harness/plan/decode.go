package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

// decoder turns a plan's tree into a plan and checks each name on the way. It
// takes trees that the schema has refused as well, and makes of a value of the
// wrong type a zero value, about which it says nothing more.
type decoder struct {
	names    Names
	accounts []string
	errs     Errors
}

func (d *decoder) plan(n *document.Node) *Plan {
	d.accounts = texts(n.Get("accounts"))
	p := &Plan{
		APIVersion:  n.Get("apiVersion").Str(),
		Name:        n.Get("name").Str(),
		Title:       n.Get("title").Str(),
		Description: n.Get("description").Str(),
		Seed:        n.Get("seed").Uint(),
		Pair:        d.pair(n.Get("pair")),
		Accounts:    d.accounts,
		Steps:       d.steps(n.Get("steps")),
		Expect: Expect{
			Marks:      d.refs(n.Get("expect").Get("marks"), "mark", d.names.Marks),
			Properties: d.refs(n.Get("expect").Get("properties"), "property", d.names.Properties),
		},
	}
	if fails, ok := n.Field("fails"); ok {
		p.Fails = d.fails(fails, p)
	}
	return p
}

func (d *decoder) pair(n *document.Node) Pair {
	interval := n.Get("repeatInterval")
	pair := Pair{Cyrus: n.Get("cyrus").Str(), RepeatInterval: d.duration(interval)}
	if pair.RepeatInterval%time.Second != 0 {
		d.errs.Add(interval.Pos, "", "repeatInterval must be in whole seconds, as Cyrus's sync_repeat_interval is, not %s", interval.Str())
	}
	return pair
}

func (d *decoder) steps(n *document.Node) []Step {
	var steps []Step
	for _, item := range n.List() {
		if len(item.Fields) == 1 {
			steps = append(steps, d.step(item.Fields[0]))
		}
	}
	return steps
}

func (d *decoder) step(f document.Field) Step {
	s, n := Step{Kind: Kind(f.Key), Pos: f.Pos}, f.Value
	switch s.Kind {
	case KindDeliver:
		s.Deliver = &Deliver{To: d.recipients(n.Get("to")), Count: int(n.Get("count").Uint())}
	case KindAppend:
		s.Append = &Append{Account: d.account(n.Get("account")), Mailbox: n.Get("mailbox").Str(), Count: int(n.Get("count").Uint())}
	case KindExpunge:
		s.Expunge = &Expunge{
			Account: d.account(n.Get("account")), Mailbox: n.Get("mailbox").Str(),
			Count: int(n.Get("count").Uint()), Which: Which(n.Get("which").Str()),
		}
	case KindWait:
		s.Wait = d.wait(n)
	case KindFault:
		s.Fault = d.fault(n)
	case KindFreeze:
		s.Freeze = &Freeze{}
	case KindPromote:
		s.Promote = &Promote{Server: Side(n.Get("server").Str())}
	case KindRescue:
		s.Rescue = &Rescue{Server: Side(n.Get("server").Str())}
	case KindDetect:
		s.Detect = &Detect{Detector: d.ref(n.Get("detector"), "detector", d.names.Detectors), Sides: Sides(n.Get("sides").Str())}
	case KindRestore:
		s.Restore = &Restore{
			Restorer: d.ref(n.Get("restorer"), "restorer", d.names.Restorers),
			Policy:   n.Get("policy").Str(), Workers: int(n.Get("workers").Uint()), Kills: int(n.Get("kills").Uint()),
			Rivals: int(n.Get("rivals").Uint()), Outages: int(n.Get("outages").Uint()),
		}
	default:
		d.laterStep(&s, n)
	}
	return s
}

// laterStep decodes the steps of incidents that last.
func (d *decoder) laterStep(s *Step, n *document.Node) {
	switch s.Kind {
	case KindSeed:
		s.Seed = &Seed{Mailboxes: int(n.Get("mailboxes").Uint()), Messages: int(n.Get("messages").Uint())}
	case KindWork:
		s.Work = &Work{Accounts: d.recipients(n.Get("accounts")), Operations: int(n.Get("operations").Uint())}
		for _, ref := range d.refs(n.Get("only"), "operation", d.names.Operations) {
			s.Work.Only = append(s.Work.Only, ref.Name)
		}
	case KindRules:
		s.Rules = &Rules{Accounts: d.recipients(n.Get("accounts"))}
	case KindClock:
		advance := n.Get("advance")
		s.Clock = &Clock{Advance: d.duration(advance)}
		if s.Clock.Advance == 0 && durationText.MatchString(advance.Str()) {
			d.errs.Add(advance.Pos, "", "advance must be more than %s", advance.Str())
		}
	case KindExpire:
		s.Expire = &Expire{Server: Side(n.Get("server").Str())}
	case KindResync:
		s.Resync = &Resync{Server: Side(n.Get("server").Str())}
	case KindFailback:
		s.Failback = &Failback{}
	}
}

func (d *decoder) wait(n *document.Node) *Wait {
	within := n.Get("within")
	wait := &Wait{Until: Condition(n.Get("until").Str()), Within: d.duration(within)}
	if wait.Within == 0 && durationText.MatchString(within.Str()) {
		d.errs.Add(within.Pos, "", "within must be more than %s", within.Str())
	}
	return wait
}

// recipients are all of the plan's accounts where the plan names none.
func (d *decoder) recipients(n *document.Node) []string {
	if n == nil {
		return slices.Clone(d.accounts)
	}
	var to []string
	for _, item := range n.List() {
		to = append(to, d.account(item))
	}
	return to
}

func (d *decoder) account(n *document.Node) string {
	return d.ref(n, "account", d.accounts).Name
}

func (d *decoder) refs(n *document.Node, what string, known []string) []Ref {
	var refs []Ref
	for _, item := range n.List() {
		refs = append(refs, d.ref(item, what, known))
	}
	return refs
}

// ref returns the name with its place, and records an error when it is none of
// the known ones.
func (d *decoder) ref(n *document.Node, what string, known []string) Ref {
	name := n.Str()
	if n == nil || n.Kind != document.Scalar || n.Scalar != any(name) {
		return Ref{}
	}
	if !slices.Contains(known, name) {
		d.errs.Add(n.Pos, document.Suggest(name, known), "unknown %s %q", what, name)
	}
	return Ref{Name: name, Pos: n.Pos}
}

func (d *decoder) duration(n *document.Node) time.Duration {
	if !durationText.MatchString(n.Str()) {
		return 0
	}
	duration, err := time.ParseDuration(n.Str())
	if err != nil {
		d.errs.Add(n.Pos, fmt.Sprintf("a duration is at most %s", formatDuration(longest)), "duration %q is too long", n.Str())
		return longest
	}
	return duration
}

func texts(n *document.Node) []string {
	var list []string
	for _, item := range n.List() {
		list = append(list, item.Str())
	}
	return list
}

// fault wants one name, or a choice of several.
func (d *decoder) fault(n *document.Node) *Fault {
	f := &Fault{
		Name: d.ref(n.Get("name"), "fault", d.names.faultNames()), Any: d.weighted(n.Get("any")), On: Side(n.Get("on").Str()),
		Accounts: d.recipients(n.Get("accounts")), Count: int(n.Get("count").Uint()),
		By: d.duration(n.Get("by")), Rate: int(n.Get("rate").Uint()), Loss: int(n.Get("loss").Uint()),
	}
	if choice, chosen := n.Field("any"); chosen && n.Get("name") != nil {
		d.errs.Add(choice.Pos, "leave one of them out", "\"any\" stands beside \"name\": a fault is named, or drawn from several")
	}
	return f
}

// weighted reads faults and their weights, and returns them in the order of their
// names: what is drawn does not depend on how the plan is written.
func (d *decoder) weighted(n *document.Node) []Weighted {
	if n == nil {
		return nil
	}
	var all []Weighted
	for _, f := range n.Fields {
		if known := d.names.faultNames(); !slices.Contains(known, f.Key) {
			d.errs.Add(f.Pos, document.Suggest(f.Key, known), "unknown fault %q", f.Key)
		}
		all = append(all, Weighted{Fault: Ref{f.Key, f.Pos}, Weight: int(f.Value.Uint())})
	}
	slices.SortFunc(all, func(a, b Weighted) int { return strings.Compare(a.Fault.Name, b.Fault.Name) })
	return all
}
