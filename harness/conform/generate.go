package conform

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Plans draws plans of about so many steps: users at work, replication that comes
// to rest now and then, and, with faults, incidents among it. Some steps more come
// first, which give the users something to work on.
func Plans(steps int, faults bool) *rapid.Generator[Plan] {
	return rapid.Custom(func(t *rapid.T) Plan {
		plan := Plan{Steps: prelude(t)}
		for steps += len(plan.Steps); len(plan.Steps) < steps; {
			kind := rapid.IntRange(0, 9).Draw(t, "kind")
			switch {
			case kind == 0:
				plan.Steps = append(plan.Steps, Step{Op: Settle})
			case kind <= 2 && faults:
				plan.Steps = append(plan.Steps, incident(t)...)
			default:
				plan.Steps = append(plan.Steps, operation(t))
			}
		}
		return plan
	})
}

// prelude draws what the users have already: without it most of what they try would
// be refused, and tell little.
func prelude(t *rapid.T) []Step {
	var steps []Step
	perhaps := func(s ...Step) {
		if rapid.IntRange(0, 3).Draw(t, "perhaps") > 0 {
			steps = append(steps, s...)
		}
	}
	for i, account := range Accounts() {
		perhaps(Step{Op: Append, Account: account, Mailbox: "INBOX", Message: 1 + 10*i, Count: 3})
		perhaps(Step{Op: Create, Account: account, Mailbox: "INBOX/A"},
			Step{Op: Append, Account: account, Mailbox: "INBOX/A", Message: 5 + 10*i, Count: 3, Add: []string{"$Work"}})
		perhaps(Step{Op: Create, Account: account, Mailbox: "INBOX/B"})
		perhaps(Step{Op: PutScript, Account: account, Script: "rules", Message: 3}, Step{Op: Activate, Account: account, Script: "rules"})
	}
	perhaps(Step{Op: PutScript, Account: "bob", Script: "more", Message: 2})
	perhaps(Step{Op: SetACL, Account: "alice", Mailbox: "INBOX/A", Who: "bob", Text: oneOf(t, "rights", "lrs", "lrswite", "lrswipkxtecda")})
	return steps
}

// mailboxNames are few, so that operations meet.
var mailboxNames = []string{"INBOX", "INBOX", "INBOX", "INBOX/A", "INBOX/A", "INBOX/B", "INBOX/C", "INBOX/A/x", "INBOX/Ä.ö"}

var flagNames = []string{`\Seen`, `\Flagged`, `\Answered`, `\Draft`, `\Deleted`, "$Work", "$work", "later"}

func oneOf[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

func someFlags(t *rapid.T, label string) []string {
	return slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(rapid.SampledFrom(flagNames), 0, 2).Draw(t, label))))
}

// operation draws what one user does.
func operation(t *rapid.T) Step {
	s := Step{Account: oneOf(t, "account", Accounts()...), Mailbox: oneOf(t, "mailbox", mailboxNames...)}
	if rapid.IntRange(0, 9).Draw(t, "of the other's") == 0 {
		s.Mailbox = map[string]string{"alice": "user/bob/A", "bob": "user/alice/A"}[s.Account]
	}
	s.Op = oneOf(t, "op", Deliver, Deliver, Append, Append, Append, Flag, Flag, Copy, Move, Expunge, Expunge, Create, Create,
		Rename, Delete, Subscribe, Unsubscribe, SetACL, SetAnnotation, SetQuota, PutScript, Activate, DeleteScript, Look)
	switch s.Op {
	case Deliver:
		s.Mailbox, s.Message = "", rapid.IntRange(1, 12).Draw(t, "message")
	case Append:
		s.Message, s.Count, s.Add = rapid.IntRange(1, 40).Draw(t, "message"), rapid.IntRange(1, 3).Draw(t, "count"), someFlags(t, "flags")
	case Flag:
		s.UIDs, s.Add, s.Remove = someUIDs(t), someFlags(t, "add"), someFlags(t, "remove")
	case Copy, Move:
		s.UIDs, s.To = someUIDs(t), oneOf(t, "to", mailboxNames...)
	case Expunge:
		s.UIDs = someUIDs(t)
	case Rename:
		s.Mailbox, s.To = oneOf(t, "from", mailboxNames[3:]...), oneOf(t, "to", append(mailboxNames[3:], "INBOX/D", "INBOX/D/y")...)
	case SetACL:
		s.Who, s.Text = oneOf(t, "who", Accounts()...), oneOf(t, "rights", "", "lrs", "lrswit", "lrsc", "lrswipkxtecda")
	case SetAnnotation:
		s.Entry, s.Text = oneOf(t, "entry", target.Annotations()...), oneOf(t, "text", "", "one", "two")
	case SetQuota:
		s.Mailbox, s.Count = "", oneOf(t, "quota", -1, 1, 100, 1000)
	case PutScript:
		s.Mailbox, s.Script, s.Message = "", oneOf(t, "script", "rules", "more"), rapid.IntRange(1, 4).Draw(t, "version")
	case Activate:
		s.Mailbox, s.Script = "", oneOf(t, "script", "rules", "more", "")
	case DeleteScript:
		s.Mailbox, s.Script = "", oneOf(t, "script", "rules", "more")
	}
	return s
}

func someUIDs(t *rapid.T) []uint32 {
	return slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Uint32Range(1, 6), 1, 3).Draw(t, "uids"))))
}

// incident draws something that goes wrong, with users at work meanwhile, and how
// it is put right, if it is.
func incident(t *rapid.T) []Step {
	work := rapid.SliceOfN(rapid.Custom(operation), 0, 4).Draw(t, "meanwhile")
	side := oneOf(t, "side", target.Imap1, target.Imap2)
	account, mailbox := oneOf(t, "account", Accounts()...), oneOf(t, "mailbox", mailboxNames...)
	between := func(before, after []Step) []Step { return slices.Concat(before, work, after) }
	rebuild := Step{Op: Reconstruct, On: side, Account: account, Mailbox: mailbox}
	switch oneOf(t, "incident", "frozen", "killed", "replica down", "hung", "cut", "stale source", "stale bytecode", "expired", "on the replica", "rebuilt", "failover", "switchover",
		"cut off", "log lost", "given up", "by hand", "by hand, back", "reset", "unexpunged", "looked at") {
	case "frozen":
		return between([]Step{{Op: Settle}, {Op: Suspend}}, []Step{{Op: Settle}, {Op: Resume}})
	case "killed":
		return between([]Step{{Op: Kill, On: side}, {Op: Start, On: side}}, nil)
	case "replica down":
		return between([]Step{{Op: Settle}, {Op: Kill, On: target.Imap2}}, []Step{{Op: Settle}, {Op: Start, On: target.Imap2}})
	case "hung":
		return between([]Step{{Op: Hang, On: target.Imap2}}, []Step{{Op: Unhang, On: target.Imap2}})
	case "cut":
		return between([]Step{{Op: Settle}, {Op: CutIndex, On: side, Account: account, Mailbox: mailbox}}, []Step{{Op: Settle}, rebuild})
	case "stale source":
		return between([]Step{{Op: Settle}, {Op: OldSource, On: side, Account: account, Script: "rules", Message: 1}}, nil)
	case "stale bytecode":
		return between([]Step{{Op: Settle}, {Op: OldCompiled, On: side, Account: account, Script: "rules", Message: 2}}, nil)
	case "expired":
		return between([]Step{{Op: Settle}, {Op: Expire, On: side}}, nil)
	case "on the replica":
		for i := range work {
			work[i].On = target.Imap2
		}
		return between([]Step{{Op: Settle}}, []Step{{Op: Settle}})
	case "failover": // and all the way back, so that what follows finds the roles as they were
		return between([]Step{{Op: Settle}, {Op: Kill, On: target.Imap1}, {Op: Promote, On: target.Imap2}},
			[]Step{{Op: Rescue, On: target.Imap1}, {Op: Settle}, {Op: Resync, On: target.Imap1}, {Op: Settle}, {Op: SwapRoles}})
	case "switchover":
		return between([]Step{{Op: SwapRoles}}, []Step{{Op: Settle}, {Op: SwapRoles}})
	case "cut off":
		return between([]Step{{Op: Settle}, {Op: CutOff, On: side}}, []Step{{Op: Mend, On: side}})
	case "log lost":
		return between([]Step{{Op: Settle}, {Op: Suspend}}, []Step{{Op: RemoveLog}, {Op: Resume}, {Op: Settle}, {Op: SyncUser, Account: "alice"}, {Op: SyncUser, Account: "bob"}, {Op: Settle}})
	case "given up":
		// A moment for what Cyrus notes after it has answered.
		return between([]Step{{Op: Settle}, {Op: Pass, Count: 1}, {Op: KillSyncClient, Count: 5}}, []Step{{Op: Settle}, {Op: Reload}})
	case "by hand":
		return between([]Step{{Op: Settle}, {Op: Suspend}}, []Step{{Op: SyncUser, Account: account}, {Op: Settle}, {Op: Resume}})
	case "by hand, back":
		for i := range work {
			work[i].On = target.Imap2
		}
		return between([]Step{{Op: Settle}}, []Step{{Op: SyncBack, On: target.Imap2, Account: account}, {Op: Settle}})
	case "reset":
		return between([]Step{{Op: Settle}, {Op: ResetUser, On: side, Account: account}, {Op: Settle}}, nil)
	case "unexpunged":
		return between([]Step{{Op: Settle}, {Op: Unexpunge, Account: account, Mailbox: mailbox, UIDs: someUIDs(t)}}, nil)
	case "looked at":
		return between([]Step{{Op: Settle}, {Op: LookOnly, On: side, Account: account, Mailbox: mailbox}}, nil)
	default:
		return between([]Step{{Op: Settle}, rebuild}, nil)
	}
}
