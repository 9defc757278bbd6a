package cyrus

// differences are what the harness has to do otherwise for some versions of Cyrus.
type differences struct {
	// plainScripts: a script is a file NAME.script beside its bytecode, not a
	// message in the account's #sieve. Seen in bullseye's 3.2.6.
	plainScripts bool
	// foldersByName: folders bear the names of mailboxes, and an account's own databases
	// its name. Seen in bullseye's 3.2.6.
	foldersByName bool
}

func (p *Pair) differences() differences {
	return map[string]differences{
		"bullseye": {plainScripts: true, foldersByName: true},
	}[p.suite]
}
