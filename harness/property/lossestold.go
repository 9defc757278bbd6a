package property

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// LossesTold is property 13: where acknowledged mail is lost, the operator was told of
// it, message by message or by the mailbox, account or server that has it; and what the
// last look calls lost for certain is lost.
type LossesTold struct{}

// Number implements [Property].
func (LossesTold) Number() int { return 13 }

// Name implements [Property].
func (LossesTold) Name() string { return "losses-told" }

// Doc implements [Property].
func (LossesTold) Doc() string {
	return "each acknowledged message that is lost is one that a detector told of, and what was told to be lost last is"
}

// Check implements [Property]. A message is lost as [NoLoss] has it.
func (p LossesTold) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	mail := scene.Mail.search()
	for _, promise := range scene.Promises {
		if !promise.Promised() {
			continue
		}
		found, box := mail.find(promise)
		if box.Unknown != nil {
			result.unknown("message %s: %s", promise.Marker, box.Unknown)
			continue
		}
		result.Checked++
		why := lossOf(promise, found, box)
		if why != "" {
			result.note(promise.Account, "message %s, %s: %s", promise.Marker, promise.Mailbox, why)
		}
		switch {
		case why == "":
			scene.checkTold(&result, promise, found)
		case !scene.toldLost(promise):
			result.violate(scene.Mail.Server, promise, 0, "%s, and nobody was told", why)
		default:
			at := scene.Mail.place(MailboxID{promise.Account, promise.Mailbox}, 0)
			result.Reported = append(result.Reported, Violation{Place: at, Marker: promise.Marker, Text: why + "; it was told"}.String())
		}
	}
	return result.conclude()
}

// toldLost says whether somebody told of a message that it cannot be had.
func (s Scene) toldLost(m traffic.Message) bool {
	return slices.ContainsFunc(s.Reported.Lost, func(l Lost) bool {
		switch {
		case l.Account == "":
			return l.Server == s.Mail.Server
		case l.Account != m.Account:
			return false
		case l.GUID != "" && m.BodySHA1 != "":
			return l.GUID == m.BodySHA1
		}
		return l.Mailbox == "" || l.Mailbox == m.Mailbox
	})
}

// checkTold holds what was told for certain, and last, against a message that is there.
func (s Scene) checkTold(result *Result, m traffic.Message, found []ReadMessage) {
	for _, l := range s.Reported.Lost {
		here := l.Last && !l.Doubtful && l.Server == s.Mail.Server && l.Account == m.Account && l.Mailbox == m.Mailbox
		if here && l.UID != 0 && l.GUID != "" && l.GUID == m.BodySHA1 && slices.ContainsFunc(found, func(r ReadMessage) bool { return r.UID == l.UID }) {
			result.violate(s.Mail.Server, m, l.UID, "it was told to be lost, and it is there")
		}
	}
}

// lossKinds are the kinds of findings that say that mail cannot be had.
func lossKinds() []target.Kind {
	return []target.Kind{
		target.MessageMissing, target.GUIDDiffers, target.BodyDiffers, target.FileInaccessible, target.MailboxUnreadable, target.MailboxMissing,
		target.AccountMissing, target.ServerDown, target.ServerHung, target.MessageLost,
	}
}

// TellsOfLoss says whether a finding of the kind tells that mail cannot be had.
func TellsOfLoss(kind target.Kind) bool { return slices.Contains(lossKinds(), kind) }
