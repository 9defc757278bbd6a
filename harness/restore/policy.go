package restore

import (
	"fmt"
	"strings"
)

// Policy says what becomes of a message of which the evidence does not tell whether
// its user had deleted it. Nothing is ever removed for being doubtful: the policy is
// about what would be put back.
type Policy string

// The policies.
const (
	// PolicyRestore puts it back: a double is better than a loss.
	PolicyRestore Policy = "restore"
	// PolicyAsk leaves it, and lists it for somebody who asks its user.
	PolicyAsk Policy = "ask"
	// PolicySkip leaves it.
	PolicySkip Policy = "skip"
)

// Policies returns the policies, the default first.
func Policies() []Policy { return []Policy{PolicyRestore, PolicyAsk, PolicySkip} }

// Why an action of a plan does nothing by its policy.
const (
	whyAsk  = "its user has to be asked"
	whySkip = "the policy is to skip such a message"
)

// Under returns the plan with its doubtful cases settled by the policy. They stay
// in it, and stay doubtful.
func (p Plan) Under(policy Policy) (Plan, error) {
	var after string
	switch policy {
	case PolicyRestore, "":
		p.Policy = PolicyRestore
		return p, nil
	case PolicyAsk:
		after = whyAsk
	case PolicySkip:
		after = whySkip
	default:
		return p, fmt.Errorf("unknown policy %q; known: %s", policy, strings.Trim(fmt.Sprint(Policies()), "[]"))
	}
	p.Policy = policy
	actions := append([]Action(nil), p.Actions...)
	for i, a := range actions {
		if a.Doubtful && a.bringsMail() {
			actions[i].Act, actions[i].Why = Keep, after+"; "+a.Why
		}
	}
	p.Actions = actions
	return p, nil
}
