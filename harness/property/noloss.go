package property

import (
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// NoLoss is property 1: each message that was acknowledged and that its user
// has not expunged is readable, in its mailbox, on the server that serves the
// account at the end, body identical.
type NoLoss struct{}

// Number implements [Property].
func (NoLoss) Number() int { return 1 }

// Name implements [Property].
func (NoLoss) Name() string { return "no-loss" }

// Doc implements [Property].
func (NoLoss) Doc() string {
	return "each acknowledged message that its user has not expunged is readable in its mailbox, body identical"
}

// Check implements [Property]. A message whose expunge was acknowledged or is
// in doubt may be gone; one whose own acknowledgement is in doubt may never
// have been there.
func (p NoLoss) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	mail := scene.Mail.search()
	for _, promise := range scene.Promises {
		if !promise.Promised() {
			continue
		}
		found, box := mail.find(promise)
		if box.Unknown != nil {
			result.Unknown = append(result.Unknown, fmt.Sprintf("message %s: %s", promise.Marker, box.Unknown))
			continue
		}
		result.Checked++
		if why := lossOf(promise, found, box); why != "" {
			uid := uint32(0)
			if len(found) > 0 {
				uid = found[0].UID
			}
			result.violate(scene.Mail.Server, promise, uid, "%s", why)
		}
	}
	return result.conclude()
}

// lossOf says why a message cannot be had, given what was found of it in its mailbox;
// empty: it can.
func lossOf(promise traffic.Message, found []ReadMessage, box *ReadMailbox) string {
	switch {
	case box.Absent:
		return "its mailbox does not exist"
	case box.Refused != nil:
		return fmt.Sprintf("its mailbox cannot be read: %s", box.Refused)
	case len(found) == 0:
		return "it was acknowledged and is not there"
	default:
		return bodyFault(promise, found)
	}
}

// bodyFault says what is wrong with all of the copies of a message; one good
// copy is enough for its user.
func bodyFault(promise traffic.Message, copies []ReadMessage) string {
	fault := ""
	for _, c := range copies {
		switch {
		case !c.Body:
			fault = "the server lists it and cannot give it"
		case promise.BodySHA1 != "" && c.BodySHA1 != promise.BodySHA1:
			fault = fmt.Sprintf("its body is not what the server first gave (SHA-1 %.12s, then %.12s)", promise.BodySHA1, c.BodySHA1)
		case !c.AsSent:
			fault = "it does not end with the bytes that were sent"
		default:
			return ""
		}
	}
	return fault
}
