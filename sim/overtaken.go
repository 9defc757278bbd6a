package sim

// overtaken is what sync_reset of an account on the replica may be to a batch with
// mailboxes of it that is tried again and again: chance decides whether it comes between
// what the replica tells of them and what it is sent then.
func (c *syncClient) overtaken(account string) {
	const seldom = 4 // of so many times it comes between once
	s := c.server
	asWritten := func(int, func(i, j int)) {}
	for _, t := range newBatch(&s.disk.list, s.disk.run.entries, asWritten).todo {
		if t.kind == errandMailboxes && t.account == account && s.pair.orders.IntN(seldom) == 0 {
			c.stale = s.peer.headers(t.together)
		}
	}
}

// headers is what GET MAILBOXES tells of mailboxes with which nothing is wrong.
func (s *server) headers(names []string) []header {
	var told []header
	for _, name := range names {
		if e := s.disk.list.find(name); e != nil {
			if v := s.visit(e); v.trouble() == "" && !v.index().rotten() {
				told = append(told, v.header())
			}
		}
	}
	return told
}
