package sim

import "bytes"

// What a version does whose scripts are files of their own, and no mail. The model keeps
// them where it keeps those of others, and hides the mailbox.

// scriptGUID is what the index view tells of a script's source: of one that is mail what
// was recorded, else what its file is.
func (s *server) scriptGUID(a *accountState, stored storedScript) (guid string, known bool) {
	listed, known := a.scriptList[stored.record.uid]
	if s.pair.version.scriptsApart {
		return guidOf(stored.source), known
	}
	return listed.sha1, known
}

// runs says whether a script is shown as the active one: one that is mail is if it was made
// so, another one if its bytecode is what the link leads to.
func (s *server) runs(a *accountState, stored storedScript) bool {
	if s.pair.version.scriptsApart {
		return a.defaultScript == stored.name
	}
	return stored.record.has(`\Flagged`)
}

// scripts brings the replica's scripts up to the master's: those whose files differ.
func (c *replication) scripts(account string) {
	theirs := &scriptSession{server: c.replica, account: account, life: c.replica.life}
	ours := map[string]bool{}
	for _, stored := range c.master.disk.scripts(account) {
		ours[stored.name] = true
		if old := theirs.script(stored.name); old == nil || !bytes.Equal(old.source, stored.source) {
			theirs.store(stored.name, stored.source)
		}
	}
	for _, stored := range c.replica.disk.scripts(account) {
		if !ours[stored.name] {
			theirs.remove(stored)
		}
	}
	if active := c.master.disk.account(account).defaultScript; active != c.replica.disk.account(account).defaultScript {
		theirs.activate(active)
	}
}
