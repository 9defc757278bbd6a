package property

import (
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// NoResurrection is property 2: what a user has expunged, and was told so, is
// not readable again at the end.
type NoResurrection struct{}

// Number implements [Property].
func (NoResurrection) Number() int { return 2 }

// Name implements [Property].
func (NoResurrection) Name() string { return "no-resurrection" }

// Doc implements [Property].
func (NoResurrection) Doc() string {
	return "no message whose expunge was acknowledged can be read again"
}

// Check implements [Property]. A message is back wherever its user can read it
// and nothing in the ledger lets it be, also under an old name of its mailbox.
// A mailbox that its server refuses to open shows nothing that could have come
// back, but it proves nothing either; one that does not exist does.
//
// What the evidence left undecidable, and the operator was told so, may be back; a
// restore must not take it away.
// Who calls doubtful what the evidence decides has broken the property.
func (p NoResurrection) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	found, blamed := scene.unpromised(), map[Doubtful]bool{}
	mail := scene.Mail.search()
	for _, promise := range scene.Promises {
		if promise.Expunged != target.Acknowledged {
			continue
		}
		key := owned{promise.Account, promise.Marker}
		back := found[key]
		delete(found, key) // said once, however often its user expunged it
		if _, box := mail.find(promise); len(back) == 0 && (box.Unknown != nil || box.Refused != nil) {
			result.unknown("message %s: %v%v", promise.Marker, orNothing(box.Unknown), orNothing(box.Refused))
			continue
		}
		result.Checked++
		for _, copied := range back {
			scene.excuse(&result, copied, promise.Marker, "its user expunged it, and it is there again", blamed)
		}
	}
	for _, report := range scene.Reported.Doubtful {
		scene.checkReport(&result, report, blamed)
	}
	for _, report := range scene.Reported.Expunged {
		scene.checkExpunge(&result, report)
	}
	return result.conclude()
}

func orNothing(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// owned is a message of an account.
type owned struct{ account, marker string }

// located is a message where its user can read it.
type located struct {
	at      MailboxID
	message ReadMessage
}

// unpromised returns what can be read where no promise lets it be, in the order
// of mailboxes and UIDs.
func (s Scene) unpromised() map[owned][]located {
	lets := map[MailboxID]map[string]bool{}
	for _, promise := range s.Promises {
		if !mayBeThere(promise) {
			continue
		}
		for _, mailbox := range []string{promise.Mailbox, promise.OrIn} {
			id := MailboxID{promise.Account, mailbox}
			if lets[id] == nil {
				lets[id] = map[string]bool{}
			}
			lets[id][promise.Marker] = true
		}
	}
	found := map[owned][]located{}
	for _, id := range s.Mail.ids() {
		for _, m := range s.Mail.Mailboxes[id].Messages {
			if m.Marker != "" && !lets[id][m.Marker] {
				found[owned{id.Account, m.Marker}] = append(found[owned{id.Account, m.Marker}], located{id, m})
			}
		}
	}
	return found
}

// mayBeThere says whether the ledger lets the message be in its mailbox.
func mayBeThere(m traffic.Message) bool {
	return m.Stored != target.Refused && m.Expunged != target.Acknowledged
}
