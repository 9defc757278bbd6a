package drill

import (
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// AccountState sums up what became of one account.
type AccountState string

// The states of an account.
const (
	Untouched AccountState = "untouched" // nothing was restored in it, and every promise holds
	Restored  AccountState = "restored"  // something was, and every promise holds
	Harmed    AccountState = "harmed"    // a promise to its user is broken, or mail is lost, told or not
	NotKnown  AccountState = "unknown"   // a promise could not be judged, or nobody has looked for losses
)

// AccountOutcome is what became of one account, as its user would notice it.
type AccountOutcome struct {
	Account string       `json:"account"`
	State   AccountState `json:"state"`
	// Outage is how long its user was without service; zero where the master
	// did not die, or nobody ever got in again.
	Outage time.Duration `json:"outage_ns,omitempty"`
	// Done counts what restores did in it, by kind of action.
	Done map[restore.Act]int `json:"done,omitempty"`
	// Doubtful counts messages that stayed or were restored although their user
	// may have deleted them.
	Doubtful int `json:"doubtful,omitempty"`
	// DoubtfulFlags counts messages whose flags may not be as their user wants them.
	DoubtfulFlags int `json:"doubtful_flags,omitempty"`
	// Misfiled counts messages that were filed elsewhere than its user's rules
	// said.
	Misfiled int `json:"misfiled,omitempty"`
	// Lost counts messages that are lost, as far as losses-told was judged: told or not.
	Lost int `json:"lost,omitempty"`
	// Caches counts mailboxes whose clients may show wrong messages until they
	// have fetched them anew.
	Caches int `json:"caches,omitempty"`
	// Broken counts broken promises, by property.
	Broken map[string]int `json:"broken,omitempty"`
	// Words are what its user can be told, a sentence each.
	Words []string `json:"words"`
}

// accountOutcomes sums up the result by account, in the plan's order.
func (r *run) accountOutcomes() []AccountOutcome {
	outcomes := make([]AccountOutcome, len(r.plan.Accounts))
	judged := !r.failed && r.judgedLosses() && !slices.ContainsFunc(r.result.Properties, func(p property.Result) bool { return p.Verdict == property.Unknown })
	for i, account := range r.plan.Accounts {
		o := AccountOutcome{Account: account, Outage: r.outages[account], Done: map[restore.Act]int{}, Broken: map[string]int{}}
		o.countRestores(r.result.Restores)
		o.countProperties(r.result.Properties)
		for _, f := range r.result.Findings {
			if f.Account == account && f.Kind == target.ClientCachesWrong {
				o.Caches++
			}
		}
		switch {
		case len(o.Broken) > 0 || o.Lost > 0:
			o.State = Harmed
		case !judged:
			o.State = NotKnown
		case len(o.Done) > 0:
			o.State = Restored
		default:
			o.State = Untouched
		}
		o.Words = o.inWords(r.judgedLosses())
		outcomes[i] = o
	}
	return outcomes
}

// judgedLosses says whether anybody has looked which messages are lost: else nobody can be
// told that none is.
func (r *run) judgedLosses() bool {
	return r.expects(property.NoLoss{}) || r.expects(property.LossesTold{})
}

// countRestores counts the actions that were planned for the account and not
// left undone.
func (o *AccountOutcome) countRestores(restores []RestoreResult) {
	for _, done := range restores {
		for _, a := range done.Plan.Actions {
			if a.Account != o.Account {
				continue
			}
			if a.Act != restore.Keep {
				o.Done[a.Act]++
			}
			switch {
			case a.Doubtful && a.AboutFlags():
				o.DoubtfulFlags++
			case a.Doubtful:
				o.Doubtful++
			}
		}
		for _, left := range done.Report.Left {
			if left.Action.Account != o.Account {
				continue
			}
			if o.Done[left.Action.Act]--; o.Done[left.Action.Act] == 0 {
				delete(o.Done, left.Action.Act)
			}
		}
	}
}

func (o *AccountOutcome) countProperties(properties []property.Result) {
	for _, p := range properties {
		for _, v := range p.Violations {
			if v.Account == o.Account {
				o.Broken[p.Name]++
			}
		}
		for _, note := range p.Noted {
			switch {
			case note.Account != o.Account:
			case p.Name == (property.RulesCurrent{}).Name():
				o.Misfiled++
			case p.Name == (property.LossesTold{}).Name():
				o.Lost++
			}
		}
	}
}
