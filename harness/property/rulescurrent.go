package property

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// RulesCurrent is property 5: users' rules are those that they wrote last, and
// mail is filed by them.
type RulesCurrent struct{}

// Number implements [Property].
func (RulesCurrent) Number() int { return 5 }

// Name implements [Property].
func (RulesCurrent) Name() string { return "rules-current" }

// Doc implements [Property].
func (RulesCurrent) Doc() string {
	return "each account's scripts are those that its user put and activated last, and new mail is filed by them"
}

// Check implements [Property]. Accounts whose users never had a script are not
// looked at. Mail that was misfiled during the drill is noted and breaks no
// promise: it is where its user saw it.
func (p RulesCurrent) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	for _, account := range scene.Accounts {
		if !hadRules(account) {
			continue
		}
		at := scene.Mail.place(MailboxID{Account: account.Name}, 0)
		state, ok := scene.States[account.Name]
		if !ok {
			result.unknown("account %s: its state was not read", account.Name)
		} else if result.told(at, "its scripts cannot be read", state.Scripts.Err) {
			checkScripts(&result, at, account, state.Scripts.Is)
		}
		if probed(account) {
			checkFilings(&result, at, scene.Probes[account.Name])
		}
	}
	for _, m := range scene.Promises {
		if m.Filed != "" && m.SeenIn != "" && m.Filed != m.SeenIn {
			result.note(m.Account, "message %s of %s was to be filed into %s and was seen in %s first", m.Marker, m.Account, m.Filed, m.SeenIn)
		}
	}
	return result.conclude()
}

// hadRules says whether the account may ever have had a script.
func hadRules(a traffic.Account) bool {
	for _, source := range a.Scripts {
		if !source.Known() || source.Last() != "" {
			return true
		}
	}
	return slices.ContainsFunc(a.Active.All(), func(name string) bool { return name != "" })
}

// probed says whether it is known what becomes of mail to the account.
func probed(a traffic.Account) bool {
	if !hadRules(a) || !a.Active.Known() {
		return false
	}
	_, known := a.ActiveSource()
	return known
}

func checkScripts(result *Result, at target.Place, account traffic.Account, is Scripts) {
	result.Checked++
	if !account.Active.Allows(is.Active) {
		result.violateAt(at, "", "the active script should be %s and is %s", eitherOf(account.Active), quoted(is.Active))
	}
	for _, name := range slices.Sorted(maps.Keys(account.Scripts)) {
		at := at
		at.Script = name
		want := account.Scripts[name]
		source, there := is.Sources[name]
		result.Checked++
		switch {
		case want.Allows(source):
		case !there:
			result.violateAt(at, "", "the script is gone")
		case want.Known() && want.Last() == "":
			result.violateAt(at, "", "its user deleted the script, and it is there again")
		default:
			result.violateAt(at, "", "it is not what its user put last: it begins with %.40q, and should with %.40q", source, want.Last())
		}
	}
}

func checkFilings(result *Result, at target.Place, filings []Filing) {
	if len(filings) == 0 {
		result.unknown("%s: no mail was delivered to probe its rules", at)
	}
	for _, f := range filings {
		if !result.told(at, fmt.Sprintf("mail about %s cannot be delivered", f.Topic), f.Err) {
			continue
		}
		result.Checked++
		switch f.Found {
		case f.Expected:
		case "":
			result.violateAt(at, f.Marker, "mail about %s should be filed into %s and is nowhere", f.Topic, f.Expected)
		default:
			result.violateAt(at, f.Marker, "mail about %s should be filed into %s and went to %s", f.Topic, f.Expected, f.Found)
		}
	}
}
