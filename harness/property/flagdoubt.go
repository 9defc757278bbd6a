package property

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// DoubtfulFlag is a flag of a message that was called doubtful, and so left as it
// was.
type DoubtfulFlag struct {
	Account string
	Mailbox string // on the serving server
	GUID    string // SHA-1 of the message
	UID     uint32 // on the serving server
	Flag    string
}

// flagFault is what is wrong with a flag of a message.
type flagFault struct{ flag, text string }

// unexcused returns those of the faults that break a promise, and those that do not,
// since the operator was told of them and the oracle agrees.
func (c *stateCheck) unexcused(promise traffic.Message, m ReadMessage, faults []flagFault) (left, reported []string) {
	for _, fault := range faults {
		i := slices.IndexFunc(c.scene.Reported.DoubtfulFlags, func(d DoubtfulFlag) bool {
			return d.Account == promise.Account && (d.Mailbox == promise.Mailbox || d.Mailbox == promise.OrIn) &&
				d.GUID == m.BodySHA1 && strings.EqualFold(d.Flag, fault.flag)
		})
		switch {
		case i < 0:
			left = append(left, fault.text)
		case c.scene.Frozen == nil:
			c.result.unknown("message %s: %s; it was reported as doubtful, and without a freeze nobody can tell whether it was", promise.Marker, fault.text)
		default:
			if decision := c.scene.decideFlag(c.scene.Reported.DoubtfulFlags[i]); decision.Decidable {
				left = append(left, fault.text)
			} else {
				reported = append(reported, fault.text+"; reported as doubtful, as it is: "+decision.Why)
			}
		}
	}
	return left, reported
}

func (s Scene) decideFlag(d DoubtfulFlag) Decision {
	return s.Frozen.DecideFlag(Case{Account: d.Account, Mailbox: d.Mailbox, GUID: d.GUID, UID: d.UID}, d.Flag)
}

// flagReports holds what was called doubtful against the oracle, as
// [Scene.checkReport] does with messages.
func (c *stateCheck) flagReports() {
	if c.scene.Frozen == nil {
		return
	}
	for _, d := range c.scene.Reported.DoubtfulFlags {
		c.result.Checked++
		if decision := c.scene.decideFlag(d); decision.Decidable {
			at := c.scene.Mail.place(MailboxID{d.Account, d.Mailbox}, d.UID)
			at.GUID = d.GUID
			c.result.violateAt(at, "", "%s of it was reported as doubtful, but the freeze decides it: %s", d.Flag, decision.Why)
		}
	}
}
