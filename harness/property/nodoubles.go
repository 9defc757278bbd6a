package property

import "fmt"

// NoDoubles is property 3: no message is in a mailbox more often than its user
// put it there.
type NoDoubles struct{}

// Number implements [Property].
func (NoDoubles) Number() int { return 3 }

// Name implements [Property].
func (NoDoubles) Name() string { return "no-doubles" }

// Doc implements [Property].
func (NoDoubles) Doc() string {
	return "no message is twice in its mailbox, but for one that the operator was told is doubtful"
}

// Check implements [Property]. A delivery that was tried again although the
// first try may have been done may be there twice: SMTP promises no better
// (RFC 5321, section 4.5.4.1).
func (p NoDoubles) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	mail, checked, blamed := scene.Mail.search(), map[spot]bool{}, map[Doubtful]bool{}
	for _, promise := range scene.Promises {
		if !mayBeThere(promise) {
			continue
		}
		allowed := 1
		if promise.Tries > 1 && promise.DoubtfulTry {
			allowed = 2
		}
		for _, mailbox := range []string{promise.Mailbox, promise.OrIn} {
			at := spot{promise.Account, mailbox, promise.Marker}
			if mailbox == "" || checked[at] {
				continue
			}
			checked[at] = true
			found, box := mail.findIn(promise, mailbox)
			if box.Unknown != nil || box.Refused != nil {
				result.unknown("message %s: %s%s", promise.Marker, orNothing(box.Unknown), orNothing(box.Refused))
				continue
			}
			result.Checked++
			if len(found) > allowed {
				double := located{MailboxID{promise.Account, mailbox}, found[len(found)-1]}
				text := fmt.Sprintf("it is there %d times, as UID %s", len(found), uidsOf(found))
				scene.excuse(&result, double, promise.Marker, text, blamed)
			}
		}
	}
	return result.conclude()
}

// uidsOf lists the UIDs: "3 and 9".
func uidsOf(messages []ReadMessage) string {
	text := ""
	for i, m := range messages {
		switch {
		case i == 0:
		case i == len(messages)-1:
			text += " and "
		default:
			text += ", "
		}
		text += fmt.Sprint(m.UID)
	}
	return text
}
