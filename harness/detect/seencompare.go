package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// sharedMailboxes are the mailboxes that accounts have on both sides, by unique ID: those
// of which others may have seen mail.
type sharedMailboxes map[string]target.Place

// sharedBy returns the mailboxes of an account that both sides have.
func sharedBy(snaps [2]target.Snapshot) sharedMailboxes {
	s := sharedMailboxes{}
	for _, m := range snaps[0].Mailboxes {
		if byUniqueID(snaps[1], m.UniqueID) != nil {
			s[m.UniqueID] = target.Place{Account: snaps[0].Account, Mailbox: m.Name}
		}
	}
	return s
}

// shownToOthers is what everybody but its owner calls a mailbox.
func shownToOthers(at target.Place) string {
	return "user/" + at.Account + strings.TrimPrefix(at.Mailbox, "INBOX")
}

// seenDifference is what an account has seen of one mailbox of another's, as two sides
// have it.
type seenDifference struct {
	uniqueID, text string
	at             target.Place // without the mailbox
	right          target.ServerName
}

// compareSeen returns where two sides have other notes of what an account has seen of
// others' mail.
func compareSeen(snaps [2]target.Snapshot, master target.ServerName) []seenDifference {
	var all []seenDifference
	for _, id := range seenIDs(snaps[0].Meta, snaps[1].Meta) {
		a, b := seenUIDs(snaps[0].Meta, id), seenUIDs(snaps[1].Meta, id)
		if a == b {
			continue
		}
		all = append(all, seenDifference{
			uniqueID: id, right: master,
			at:   target.Place{Server: wrongSide(snaps[0].Server, snaps[1].Server, master), Account: snaps[0].Account},
			text: fmt.Sprintf("it has seen UIDs [%s] on %s, [%s] on %s", a, snaps[0].Server, b, snaps[1].Server),
		})
	}
	return all
}

// seenFindings tells of differences, if both sides have the mailbox: what was seen of one
// that is gone means nothing to anybody, and may stay behind on one side.
func seenFindings(all []seenDifference, shared []sharedMailboxes) []Finding {
	var found []Finding
	for _, d := range all {
		for _, of := range shared {
			if mailbox, known := of[d.uniqueID]; known {
				d.at.Mailbox = shownToOthers(mailbox)
				found = append(found, Finding{Kind: target.SeenDiffers, Place: d.at, Right: d.right, Evidence: d.text})
			}
		}
	}
	return found
}

func seenIDs(metas ...target.Meta) []string {
	var ids []string
	for _, meta := range metas {
		for _, s := range meta.Seen {
			ids = append(ids, s.UniqueID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func seenUIDs(meta target.Meta, uniqueID string) string {
	for _, s := range meta.Seen {
		if s.UniqueID == uniqueID {
			return s.UIDs
		}
	}
	return ""
}
