package conform

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// listActs damage lists, accounts' databases and bytecode.
var listActs = map[Op]serverAct{
	LoseEntry: harm("damaged lists of mailboxes", func(ctx context.Context, s target.ListSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.RemoveEntry(ctx, on, step.Account, step.Mailbox)
	}),
	SpoilList: harm("damaged lists of mailboxes", func(ctx context.Context, s target.ListSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.SpoilList(ctx, on, step.Harm)
	}),
	SpoilConversations: harm("damaged databases of accounts", func(ctx context.Context, s target.StateSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.SpoilConversations(ctx, on, step.Account, step.Harm)
	}),
	SpoilSeen: harm("damaged databases of accounts", func(ctx context.Context, s target.StateSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.SpoilSeen(ctx, on, step.Account, step.Harm)
	}),
	AgeCompiled: harm("damaged bytecode", func(ctx context.Context, s target.BytecodeSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.AgeCompiled(ctx, on, step.Account, step.Script, script(step.Message))
	}),
	LoseCompiled: harm("damaged bytecode", func(ctx context.Context, s target.BytecodeSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.RemoveCompiled(ctx, on, step.Account, step.Script)
	}),
	LoseActiveLink: harm("damaged bytecode", func(ctx context.Context, s target.BytecodeSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.RemoveActiveLink(ctx, on, step.Account)
	}),
}
