package property

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// StateKept is property 4: what users set is as they set it, on messages, on
// mailboxes and on their accounts.
type StateKept struct{}

// Number implements [Property].
func (StateKept) Number() int { return 4 }

// Name implements [Property].
func (StateKept) Name() string { return "state-kept" }

// Doc implements [Property].
func (StateKept) Doc() string {
	return "flags, dates, mailboxes and their names, ACLs, annotations, quotas and subscriptions are as users set them"
}

// Check implements [Property]. Of what is in doubt, each outcome is right. What
// a target does not have is unknown, where the ledger asks for it. A flag that the
// evidence left undecidable may be there or not, where the operator was told so; who
// calls doubtful what the evidence decides has broken the property.
func (p StateKept) Check(scene Scene) Result {
	c := &stateCheck{scene: scene, result: Result{Number: p.Number(), Name: p.Name()}}
	mail := scene.Mail.search()
	for _, promise := range scene.Promises {
		if promise.Promised() {
			c.message(mail, promise)
		}
	}
	c.flagReports()
	for _, account := range scene.Accounts {
		state, ok := scene.States[account.Name]
		if !ok {
			c.result.unknown("account %s: its state was not read", account.Name)
			continue
		}
		c.mailboxes(account, state)
		c.subscriptions(account, state)
		c.settings(account, state)
		c.quota(account, state)
	}
	return c.result.conclude()
}

type stateCheck struct {
	scene  Scene
	result Result
}

func (c *stateCheck) at(account, mailbox string) target.Place {
	return c.scene.Mail.place(MailboxID{account, mailbox}, 0)
}

// message holds a message's flags and date against the promise. One good copy
// is enough for its user; what is not there has no state.
func (c *stateCheck) message(mail reading, promise traffic.Message) {
	found, box := mail.find(promise)
	switch {
	case box.Unknown != nil || box.Refused != nil:
		c.result.unknown("message %s: %s%s", promise.Marker, orNothing(box.Unknown), orNothing(box.Refused))
		return
	case len(found) == 0:
		c.result.unknown("message %s: it is not there", promise.Marker)
		return
	}
	c.result.Checked++
	var broken string
	for _, m := range found {
		left, reported := c.unexcused(promise, m, flagFaults(promise, m))
		left = append(left, dateFaults(promise, m)...)
		if broken = strings.Join(left, "; "); broken == "" {
			for _, text := range reported {
				at := target.Place{Server: c.scene.Mail.Server, Account: promise.Account, Mailbox: promise.Mailbox, UID: m.UID}
				c.result.Reported = append(c.result.Reported, Violation{Place: at, Marker: promise.Marker, Text: text}.String())
			}
			return
		}
	}
	c.result.violate(c.scene.Mail.Server, promise, found[len(found)-1].UID, "%s", broken)
}

// flagFaults says in which flags a message is not as its user left it.
func flagFaults(promise traffic.Message, m ReadMessage) []flagFault {
	var faults []flagFault
	say := func(flag, format string) { faults = append(faults, flagFault{flag, fmt.Sprintf(format, flag)}) }
	for _, flag := range slices.Sorted(maps.Keys(promise.Flags)) {
		switch has := hasFlag(m.Flags, flag); {
		case promise.Flags[flag].Allows(has):
		case has:
			say(flag, "it has %s, which its user took away")
		default:
			say(flag, "it has lost %s")
		}
	}
	known := slices.Collect(maps.Keys(promise.Flags))
	for _, flag := range m.Flags {
		if !hasFlag(known, flag) && !ofTheServer(promise, flag) {
			say(flag, "it has %s, which nobody gave it")
		}
	}
	return faults
}

func dateFaults(promise traffic.Message, m ReadMessage) []string {
	want := promise.InternalDate.Truncate(time.Second)
	if promise.InternalDate.IsZero() || m.InternalDate.Truncate(time.Second).Equal(want) {
		return nil
	}
	return []string{fmt.Sprintf("its INTERNALDATE is %s and was %s", inUTC(m.InternalDate), inUTC(want))}
}

// ofTheServer says of a flag that no user gave the message why it may be there:
// \Recent is the session's, and a refused expunge may have set \Deleted first.
func ofTheServer(promise traffic.Message, flag string) bool {
	return strings.EqualFold(flag, `\Recent`) || strings.EqualFold(flag, `\Deleted`) && promise.Expunged != ""
}

// hasFlag says whether the flag is among them. Case does not count.
func hasFlag(flags []string, flag string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, flag) })
}

func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// mailboxes wants each promised mailbox to be listed, and no other one of the
// user's own.
func (c *stateCheck) mailboxes(account traffic.Account, state AccountState) {
	if len(account.Mailboxes) == 0 || !c.result.told(c.at(account.Name, ""), "its mailboxes cannot be listed", state.Mailboxes.Err) {
		return
	}
	may, deleted := map[string]bool{}, map[string]bool{}
	for _, m := range account.Mailboxes {
		switch {
		case m.Deleted == target.Acknowledged:
			deleted[m.Name] = true
		case m.Made != target.Refused:
			may[m.Name], may[m.OrName] = true, true
		}
		if !m.Promised() {
			continue
		}
		c.result.Checked++
		if listedAs(m, state.Mailboxes.Is) == "" {
			c.result.violateAt(c.at(account.Name, m.Name), "", "the mailbox is not there%s", orElse(m.OrName))
		}
	}
	for _, name := range state.Mailboxes.Is {
		switch {
		case may[name] || !target.IsOwn(name):
		case deleted[name]:
			c.result.violateAt(c.at(account.Name, name), "", "its user deleted the mailbox, and it is there again")
		default:
			c.result.violateAt(c.at(account.Name, name), "", "no user has a mailbox of this name: nobody made it, or it was renamed since")
		}
	}
}

func orElse(name string) string {
	if name == "" {
		return ""
	}
	return ", nor is it called " + name
}

// subscriptions can be told of mailboxes that are listed: Cyrus shows no others.
func (c *stateCheck) subscriptions(account traffic.Account, state AccountState) {
	if isUnsupported(state.Subscriptions.Err) && len(account.Subscriptions) == 0 {
		return
	}
	if !c.result.told(c.at(account.Name, ""), "its subscriptions cannot be read", state.Subscriptions.Err) {
		return
	}
	for _, name := range state.Mailboxes.Is {
		is := slices.Contains(state.Subscriptions.Is, name)
		wanted, asked := account.Subscriptions[name]
		switch {
		case asked && !wanted.Allows(is) && is:
			c.result.violateAt(c.at(account.Name, name), "", "it is subscribed, and its user unsubscribed it")
		case asked && !wanted.Allows(is):
			c.result.violateAt(c.at(account.Name, name), "", "its subscription is lost")
		case !asked && is:
			c.result.violateAt(c.at(account.Name, name), "", "it is subscribed, and its user never asked for that")
		}
		if asked {
			c.result.Checked++
		}
	}
}

// settings holds ACLs and annotations against what users set, for the
// identifiers and entries that they spoke of.
func (c *stateCheck) settings(account traffic.Account, state AccountState) {
	for _, m := range account.Mailboxes {
		name := listedAs(m, state.Mailboxes.Is)
		if name == "" || len(m.ACL)+len(m.Annotations) == 0 {
			continue // a mailbox that is not there is a violation of its own
		}
		at := c.at(account.Name, name)
		told, read := state.Settings[name]
		if !read {
			c.result.unknown("%s: its settings were not read", at)
			continue
		}
		if !c.result.told(at, "its settings cannot be read", told.Err) {
			continue
		}
		rights := rightsOf(told.Is.ACL)
		for _, who := range slices.Sorted(maps.Keys(m.ACL)) {
			c.value(at, "the rights of "+who, m.ACL[who], rights[who], sameRights)
		}
		for _, entry := range slices.Sorted(maps.Keys(m.Annotations)) {
			c.value(at, entry, m.Annotations[entry], told.Is.Annotations[entry], func(a, b string) bool { return a == b })
		}
	}
}

func (c *stateCheck) value(at target.Place, what string, want traffic.Value[string], is string, same func(a, b string) bool) {
	c.result.Checked++
	if !slices.ContainsFunc(want.All(), func(may string) bool { return same(may, is) }) {
		c.result.violateAt(at, "", "%s should be %s and is %s", what, eitherOf(want), quoted(is))
	}
}

// eitherOf puts what a value may be into words.
func eitherOf(v traffic.Value[string]) string {
	var words []string
	for _, may := range v.All() {
		words = append(words, quoted(may))
	}
	return strings.Join(words, " or ")
}

func quoted(text string) string {
	if text == "" {
		return "none"
	}
	return fmt.Sprintf("%q", text)
}

func (c *stateCheck) quota(account traffic.Account, state AccountState) {
	unset := account.QuotaKiB.Known() && account.QuotaKiB.Last() == target.NoQuota
	at := c.at(account.Name, "")
	told, read := state.Settings[traffic.Inbox]
	switch {
	case len(account.QuotaKiB.All()) == 0, unset && (!read || told.Err != nil):
		return
	case !read:
		c.result.unknown("%s: its quota was not read", at)
		return
	case !c.result.told(at, "its quota cannot be read", told.Err):
		return
	}
	if !unset {
		c.result.Checked++
	}
	if is := told.Is.StorageKiB; !account.QuotaKiB.Allows(is) {
		c.result.violateAt(at, "", "its quota should be %s and is %s", inKiB(account.QuotaKiB.Last()), inKiB(is))
	}
}

func inKiB(limit int64) string {
	if limit == target.NoQuota {
		return "none"
	}
	return fmt.Sprintf("%d KiB", limit)
}

// rightsOf reads an ACL as [target.Mailbox] has it.
func rightsOf(acl string) map[string]string {
	rights := map[string]string{}
	for _, entry := range strings.Split(acl, ", ") {
		if who, what, ok := strings.Cut(entry, " "); ok {
			rights[who] = what
		}
	}
	return rights
}

// sameRights compares rights as sets. The legacy rights c and d stand for
// others, and servers add them to what was asked (RFC 4314, section 2.1.1): in
// Cyrus c is k and x, and d is e and t.
func sameRights(a, b string) bool { return canonicalRights(a) == canonicalRights(b) }

func canonicalRights(rights string) string {
	set := map[rune]bool{}
	for _, r := range rights {
		switch r {
		case 'c', 'd':
		default:
			set[r] = true
		}
	}
	expand := func(legacy, for1, for2 rune) {
		if strings.ContainsRune(rights, legacy) && !set[for1] && !set[for2] {
			set[for1], set[for2] = true, true
		}
	}
	expand('c', 'k', 'x')
	expand('d', 'e', 't')
	return string(slices.Sorted(maps.Keys(set)))
}
