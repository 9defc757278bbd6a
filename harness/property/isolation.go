package property

import (
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Isolation is property 11: nobody sees, or is given, another's mail, but for what
// others share with them.
type Isolation struct{}

// Number implements [Property].
func (Isolation) Number() int { return 11 }

// Name implements [Property].
func (Isolation) Name() string { return "isolation" }

// Doc implements [Property].
func (Isolation) Doc() string {
	return "no account has or sees another's mail; shared mailboxes are seen and opened as their ACL says"
}

// Glimpse is what one account sees of another's mailbox.
type Glimpse struct {
	Account        string // who looks
	Owner, Mailbox string // as its owner calls it
	Rights         string // that the mailbox's ACL gives to who looks
	Listed         Told[bool]
	// Opened is nil where it could be opened, and otherwise why not.
	Opened error
}

// Check implements [Property].
func (p Isolation) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	owners := map[string]map[string]bool{} // by marker
	for _, m := range scene.Promises {
		if owners[m.Marker] == nil {
			owners[m.Marker] = map[string]bool{}
		}
		owners[m.Marker][m.Account] = true
	}
	for _, id := range scene.Mail.ids() {
		for _, m := range scene.Mail.Mailboxes[id].Messages {
			of, known := owners[m.Marker]
			if !known {
				continue
			}
			result.Checked++
			if !of[id.Account] {
				for owner := range of {
					result.violateAt(scene.Mail.place(id, m.UID), m.Marker, "it is %s's, whose user never put it there", owner)
				}
			}
		}
	}
	if len(scene.Glimpses) == 0 {
		result.unknown("nobody has looked at others' mailboxes")
	}
	for _, g := range scene.Glimpses {
		checkGlimpse(&result, g, scene.Mail.Server)
	}
	return result.conclude()
}

func checkGlimpse(result *Result, g Glimpse, server target.ServerName) {
	at := target.Place{Server: server, Account: g.Account, Mailbox: "user/" + g.Owner + strings.TrimPrefix(g.Mailbox, "INBOX")}
	has := func(right string) bool { return strings.Contains(g.Rights, right) }
	if g.Listed.Err != nil {
		result.unknown("%s: whether it is listed: %s", at, g.Listed.Err)
		return
	}
	result.Checked++
	switch {
	case g.Listed.Is && !has("l"):
		result.violateAt(at, "", "it is listed to %s, to whom its ACL gives %q", g.Account, g.Rights)
	case !g.Listed.Is && has("l"):
		result.violateAt(at, "", "it is shared with %s (%q), and not listed", g.Account, g.Rights)
	}
	switch {
	case g.Opened == nil && !has("r"):
		result.violateAt(at, "", "%s can open it, to whom its ACL gives %q", g.Account, g.Rights)
	case g.Opened != nil && has("r") && isRefusal(g.Opened):
		result.violateAt(at, "", "it is shared with %s (%q), and cannot be opened: %s", g.Account, g.Rights, g.Opened)
	case g.Opened != nil && !isRefusal(g.Opened):
		result.unknown("%s: whether it can be opened: %s", at, g.Opened)
	}
}
