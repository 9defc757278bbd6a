package restore

// madeAnew says whether the rescued store's account is another one than the serving
// server's, of the same name: its mailbox list was lost, and Cyrus made it a new INBOX.
// What such an account lacks its user has not taken away.
func (p *accountPlanner) madeAnew() bool {
	theirs, there := p.rescued.Mailbox("INBOX")
	before, here := p.before.Mailbox("INBOX")
	return there && here && theirs.UniqueID != before.UniqueID
}
