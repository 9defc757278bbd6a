package conform

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// listActs damage lists, accounts' databases and bytecode.
var listActs = map[Op]serverAct{
	LoseEntry: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.ListSaboteur](r, "damaged lists of mailboxes")
		if err != nil {
			return err
		}
		return sabotaged(s.RemoveEntry(ctx, r.name(step), step.Account, step.Mailbox))
	},
	SpoilList: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.ListSaboteur](r, "damaged lists of mailboxes")
		if err != nil {
			return err
		}
		return sabotaged(s.SpoilList(ctx, r.name(step), step.Harm))
	},
	SpoilConversations: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.StateSaboteur](r, "damaged databases of accounts")
		if err != nil {
			return err
		}
		return sabotaged(s.SpoilConversations(ctx, r.name(step), step.Account, step.Harm))
	},
	SpoilSeen: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.StateSaboteur](r, "damaged databases of accounts")
		if err != nil {
			return err
		}
		return sabotaged(s.SpoilSeen(ctx, r.name(step), step.Account, step.Harm))
	},
	AgeCompiled: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.BytecodeSaboteur](r, "damaged bytecode")
		if err != nil {
			return err
		}
		return sabotaged(s.AgeCompiled(ctx, r.name(step), step.Account, step.Script, script(step.Message)))
	},
	LoseCompiled: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.BytecodeSaboteur](r, "damaged bytecode")
		if err != nil {
			return err
		}
		return sabotaged(s.RemoveCompiled(ctx, r.name(step), step.Account, step.Script))
	},
	LoseActiveLink: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.BytecodeSaboteur](r, "damaged bytecode")
		if err != nil {
			return err
		}
		return sabotaged(s.RemoveActiveLink(ctx, r.name(step), step.Account))
	},
}
