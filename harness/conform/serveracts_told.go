package conform

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// swapped is an act that swaps something of two records.
func swapped(swap func(s target.RecordSaboteur, ctx context.Context, on target.ServerName, account, mailbox string, first, second uint32) (target.Evidence, error)) serverAct {
	return harm("indexes that can be rewritten", func(ctx context.Context, s target.RecordSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		second, err := step.uid(1)
		if err != nil {
			return target.Evidence{}, err
		}
		return swap(s, ctx, on, step.Account, step.Mailbox, step.UIDs[0], second)
	})
}

// recordActs rewrite what an index says, and take files away from Cyrus.
var recordActs = map[Op]serverAct{
	SwapGUIDs: swapped(target.RecordSaboteur.SwapGUIDs),
	SwapDates: swapped(target.RecordSaboteur.SwapDates),
	SetLastUID: harm("indexes that can be rewritten", func(ctx context.Context, s target.RecordSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.SetLastUID(ctx, on, step.Account, step.Mailbox, uint32(step.Count))
	}),
	DenyFile: harm("files out of reach", func(ctx context.Context, s target.AccessSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		uid, err := step.uid(0)
		if err != nil {
			return target.Evidence{}, err
		}
		return s.DenyMessage(ctx, on, step.Account, step.Mailbox, uid, target.WrongOwner)
	}),
	LoseSource: harm("scripts that can be removed", func(ctx context.Context, s target.SourceSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.RemoveSource(ctx, on, step.Account, step.Script)
	}),
}

// told is an act of a sync client that has something wrong.
func told(what func(step Step) (target.Hearsay, error)) serverAct {
	return harm("sync clients that have it wrong", func(ctx context.Context, s target.SyncSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		hearsay, err := what(step)
		if err != nil {
			return target.Evidence{}, err
		}
		return s.Mislead(ctx, on, hearsay)
	})
}

func (s Step) place() hearsay.Place { return hearsay.Place{Account: s.Account, Mailbox: s.Mailbox} }

// toldActs are those of a sync client that has something wrong, to one server.
var toldActs = map[Op]serverAct{
	TellFlags: told(func(step Step) (target.Hearsay, error) {
		uid, err := step.uid(0)
		return hearsay.Flags{Place: step.place(), UID: uid, Flags: step.Add}, err
	}),
	TellDate: told(func(step Step) (target.Hearsay, error) {
		uid, err := step.uid(0)
		return hearsay.Date{Place: step.place(), UID: uid, Date: dateOf(step.Message)}, err
	}),
	TellRights: told(func(step Step) (target.Hearsay, error) {
		return hearsay.Rights{Place: step.place(), Identifier: step.Who, Rights: step.Text}, nil
	}),
	TellNoAnnotations: told(func(step Step) (target.Hearsay, error) {
		return hearsay.NoAnnotations{Place: step.place()}, nil
	}),
	TellUnsubscribed: told(func(step Step) (target.Hearsay, error) {
		return hearsay.Subscription{Place: step.place()}, nil
	}),
	TellQuota: told(func(step Step) (target.Hearsay, error) {
		return hearsay.Quota{Account: step.Account, StorageKiB: max(int64(step.Count), target.NoQuota)}, nil
	}),
	TellNoQuotaRoot: told(func(step Step) (target.Hearsay, error) {
		return hearsay.NoQuotaRoot{Account: step.Account}, nil
	}),
	TellScript: told(func(step Step) (target.Hearsay, error) {
		return hearsay.ActiveScript{Account: step.Account, Script: step.Script, Source: script(step.Message)}, nil
	}),
	TellNoActive: told(func(step Step) (target.Hearsay, error) {
		return hearsay.NoActiveScript{Account: step.Account, Script: step.Script}, nil
	}),
	TellNoScript: told(func(step Step) (target.Hearsay, error) {
		return hearsay.NoScript{Account: step.Account, Script: step.Script}, nil
	}),
}
