package sim

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Recipient says whether a server's LMTP takes mail for the account: the answer to
// RCPT.
func (p *Pair) Recipient(ctx context.Context, name target.ServerName, account string) error {
	s := p.server(name)
	if err := p.takes(ctx, readTime); err != nil {
		return err
	}
	if s.disk.list.owned(account, inbox) == nil {
		return unknownUser(request{"RCPT", "TO:<" + account + ">"})
	}
	return nil
}

func unknownUser(command request) error {
	return &target.RefusedError{Command: command.String(), Status: "550", Text: "5.1.1 User unknown"}
}
