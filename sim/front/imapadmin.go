package front

import (
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/cyrdrill/cyrdrill/sim"
)

// listAll is LIST for the administrator, who sees the mailboxes of all accounts by their
// names on the server's list, and has none.
func (s *imapSession) listAll(w *imapserver.ListWriter, patterns []string) error {
	var names []string
	err := s.answer(s.conn.ask(func(p *sim.Pair) error {
		user := p.Server(s.conn.door.server).User()
		accounts, err := user.Accounts(s.ctx)
		if err != nil {
			return err
		}
		for _, account := range asked(patterns, accounts) {
			listed, err := user.Listed(s.ctx, account)
			if err != nil {
				return err
			}
			for _, name := range listed {
				names = append(names, "user/"+account+strings.TrimPrefix(name, "INBOX"))
			}
		}
		return nil
	}))
	if err != nil {
		return err
	}
	for _, name := range names {
		for _, pattern := range patterns {
			if imapserver.MatchList(name, delimiter, "", pattern) {
				if err := w.WriteList(&imap.ListData{Delim: delimiter, Mailbox: name, Attrs: attributes(name, names, false)}); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// asked returns the accounts that patterns name, also such as have no INBOX any more, or
// all where one names none.
func asked(patterns, all []string) []string {
	var accounts []string
	seen := map[string]bool{}
	for _, pattern := range patterns {
		account, isUser := strings.CutPrefix(pattern, "user/")
		account, _, _ = strings.Cut(account, "/")
		if strings.ContainsAny(account, "*%") {
			return all
		}
		if isUser && !seen[account] {
			seen[account] = true
			accounts = append(accounts, account)
		}
	}
	return accounts
}
