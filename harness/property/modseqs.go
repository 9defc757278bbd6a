package property

import "slices"

// flagged holds the modseq of each message whose flags its user has changed against the
// one that it had before: else a client that asks what has changed since is not told
// (RFC 7162, section 3.1).
func (c *cacheCheck) flagged() {
	for _, change := range c.scene.Flagged {
		id := MailboxID{change.Account, change.Mailbox}
		box := c.scene.Mail.Mailboxes[id]
		if change.ModSeq == 0 || box == nil {
			continue
		}
		at := slices.IndexFunc(box.Messages, func(m ReadMessage) bool { return m.UID == change.UID && m.Marker == change.Marker })
		if at < 0 || box.Messages[at].ModSeq == 0 {
			continue
		}
		c.result.Checked++
		if now := box.Messages[at].ModSeq; now <= change.ModSeq {
			c.result.violateAt(c.scene.Mail.place(id, change.UID), change.Marker, "its flags were changed when its modseq was %d, and it is %d now", change.ModSeq, now)
		}
	}
}
