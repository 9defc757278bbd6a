package property

import (
	"maps"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Access is property 8: users get to their mail.
type Access struct{}

// Number implements [Property].
func (Access) Number() int { return 8 }

// Name implements [Property].
func (Access) Name() string { return "access" }

// Doc implements [Property].
func (Access) Doc() string {
	return "each user can log in, open each mailbox that is promised, and is given each message that is listed"
}

// Check implements [Property]. How long users were without service is noted.
func (p Access) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	for _, account := range scene.Accounts {
		state, ok := scene.States[account.Name]
		if !ok {
			result.unknown("account %s: nobody tried to log in", account.Name)
			continue
		}
		if result.told(scene.Mail.place(MailboxID{Account: account.Name}, 0), "its user cannot log in", state.Login) {
			result.Checked++
		}
	}
	for _, either := range scene.promisedMailboxes() {
		checkOpened(&result, scene, either)
	}
	for _, id := range scene.Mail.ids() {
		for _, m := range scene.Mail.Mailboxes[id].Messages {
			if !m.Body {
				result.violateAt(scene.Mail.place(id, m.UID), m.Marker, "the server lists the message and cannot give it")
			}
		}
	}
	for _, account := range slices.Sorted(maps.Keys(scene.Outages)) {
		result.note(account, "%s was without service for %s", account, scene.Outages[account].Round(time.Millisecond))
	}
	return result.conclude()
}

// eitherName is a mailbox under its name, or the other one that it may have.
type eitherName struct{ account, name, orName string }

// promisedMailboxes returns the mailboxes that must be there, and those of the
// messages that must be.
func (s Scene) promisedMailboxes() []eitherName {
	var all []eitherName
	seen := map[MailboxID]bool{}
	add := func(account, name, orName string) {
		if id := (MailboxID{account, name}); !seen[id] {
			seen[id] = true
			all = append(all, eitherName{account, name, orName})
		}
	}
	for _, a := range s.Accounts {
		for _, m := range a.Mailboxes {
			if m.Promised() {
				add(a.Name, m.Name, m.OrName)
			}
		}
	}
	for _, m := range s.Promises {
		if m.Promised() {
			add(m.Account, m.Mailbox, m.OrIn)
		}
	}
	return all
}

func checkOpened(result *Result, scene Scene, either eitherName) {
	mail := reading{Mail: scene.Mail}
	_, box := mail.findIn(traffic.Message{Account: either.account}, either.name)
	if either.orName != "" && !box.opened() {
		if _, other := mail.findIn(traffic.Message{Account: either.account}, either.orName); other.opened() || other.silence() > box.silence() {
			box = other
		}
	}
	at := scene.Mail.place(MailboxID{either.account, either.name}, 0)
	if box.Unknown != nil {
		result.unknown("%s: %s", at, box.Unknown)
		return
	}
	result.Checked++
	switch {
	case box.Absent:
		result.violateAt(at, "", "the mailbox does not exist")
	case box.Refused != nil:
		result.violateAt(at, "", "the mailbox cannot be opened: %s", box.Refused)
	}
}

// opened says whether the user got in.
func (b *ReadMailbox) opened() bool { return b.Unknown == nil && b.Refused == nil && !b.Absent }
