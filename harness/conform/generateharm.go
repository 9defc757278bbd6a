package conform

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// HarmPlans draws plans of about so many steps in which files, lists, databases,
// scripts, disks and ports are harmed, with users at work before and after. After each
// harm both servers are looked at to the last body, and after some of them by every
// detector. What is harmed on the replica is put right by sending the account anew; on
// the master it stays, so that only such harm is drawn there as stops nobody.
func HarmPlans(steps int) *rapid.Generator[Plan] {
	return rapid.Custom(func(t *rapid.T) Plan {
		plan := Plan{Steps: append(prelude(t), Step{Op: Settle})}
		for steps += len(plan.Steps); len(plan.Steps) < steps; {
			work := rapid.SliceOfN(rapid.Custom(operation), 1, 5).Draw(t, "work")
			plan.Steps = slices.Concat(plan.Steps, work, []Step{{Op: Settle}}, drawHarm(t))
		}
		return plan
	})
}

// drawHarm draws one harm, the look at what it did, and how it is put right.
func drawHarm(t *rapid.T) []Step {
	side := oneOf(t, "side", target.Imap1, target.Imap2)
	account, mailbox := oneOf(t, "account", Accounts()...), oneOf(t, "mailbox", "INBOX", "INBOX", "INBOX/A")
	uids := []uint32{rapid.Uint32Range(1, 3).Draw(t, "uid")}
	kinds := []func(*rapid.T, Step) []Step{harmToMessages, harmToScripts, harmByHearsay, harmAround}
	if side == target.Imap2 {
		kinds = append(kinds, harmToIndex, harmToIndex)
	}
	done := oneOf(t, "harm", kinds...)(t, Step{On: side, Account: account, Mailbox: mailbox, UIDs: uids})
	steps := append(done, Step{Op: SettleBodies})
	if rapid.IntRange(0, 2).Draw(t, "looked at") == 0 {
		steps = append(steps, Step{Op: Detect})
	}
	if side == target.Imap2 {
		steps = append(steps, Step{Op: ResetApart, On: side, Account: account}, Step{Op: SyncUser, Account: account}, Step{Op: Settle})
	}
	return steps
}

// with is a step at the same place.
func (s Step) with(op Op) Step { return Step{Op: op, On: s.On, Account: s.Account, Mailbox: s.Mailbox} }

func harmToMessages(t *rapid.T, at Step) []Step {
	s := at.with(oneOf(t, "op", SpoilFile, SpoilFile, SwapFiles, StrayFile, DenyFile))
	s.UIDs = at.UIDs
	switch s.Op {
	case SpoilFile:
		s.Harm = oneOf(t, "how", target.Removed, target.Emptied, target.Truncated, target.Flipped)
	case SwapFiles:
		s.UIDs = []uint32{at.UIDs[0], at.UIDs[0] + 1}
	case StrayFile:
		s.UIDs, s.Message = []uint32{20 + at.UIDs[0]}, 9
	}
	read := at.with(Read)
	return []Step{s, read}
}

func harmToIndex(t *rapid.T, at Step) []Step {
	s := at.with(oneOf(t, "op", SpoilIndex, SpoilIndex, WipeRecord, SpoilCache, LoseHeader, LoseFolder, LoseEntry, SwapGUIDs))
	switch s.Op {
	case SpoilIndex:
		s.Harm = oneOf(t, "how", target.Truncated, target.Flipped, target.Zeroed, target.Emptied, target.Removed)
	case SpoilCache:
		s.Harm = oneOf(t, "how", target.Truncated, target.Removed)
	case WipeRecord:
		s.UIDs = at.UIDs
	case SwapGUIDs:
		s.UIDs = []uint32{at.UIDs[0], at.UIDs[0] + 1}
	}
	return []Step{s, at.with(Look)}
}

func harmToScripts(t *rapid.T, at Step) []Step {
	s := Step{Op: oneOf(t, "op", AgeCompiled, LoseCompiled, LoseActiveLink, LoseSource), On: at.On, Account: at.Account, Script: "rules"}
	switch s.Op {
	case AgeCompiled:
		s.Message = 2
	case LoseActiveLink:
		s.Script = ""
	}
	return []Step{s, {Op: Compiled, On: at.On, Account: at.Account}, {Op: ListScripts, On: at.On, Account: at.Account}}
}

func harmByHearsay(t *rapid.T, at Step) []Step {
	s := at.with(oneOf(t, "op", TellFlags, TellDate, TellRights, TellNoAnnotations, TellUnsubscribed, TellQuota, TellScript, TellNoActive, TellNoScript))
	switch s.Op {
	case TellFlags:
		s.UIDs, s.Add = at.UIDs, someFlags(t, "flags")
	case TellDate:
		s.UIDs, s.Message = at.UIDs, 15
	case TellRights:
		s.Who, s.Text = "anyone", "lrs"
	case TellQuota:
		s.Mailbox, s.Count = "", 999
	case TellScript:
		s.Mailbox, s.Script, s.Message = "", "rules", 4
	case TellNoActive, TellNoScript:
		s.Mailbox, s.Script = "", "rules"
	}
	return []Step{s}
}

// harmAround is to what is around mail: disk, port, log, and the server itself.
func harmAround(t *rapid.T, at Step) []Step {
	work := rapid.Custom(operation).Draw(t, "meanwhile")
	switch oneOf(t, "what", "disk", "port", "log", "line", "stopped", "backup") {
	case "disk":
		return []Step{{Op: Protect, On: at.On}, work, {Op: Settle}, {Op: Unprotect, On: at.On}, {Op: Reload}}
	case "port":
		return []Step{{Op: Garble, On: target.Imap2}, work, {Op: Pass, Count: 2}, {Op: Ungarble, On: target.Imap2}}
	case "log":
		return []Step{{Op: Suspend}, work, {Op: CutLog}, {Op: Resume}, {Op: Settle}, {Op: SyncUser, Account: "alice"}, {Op: SyncUser, Account: "bob"}}
	case "line":
		return []Step{{Op: AddLogLine, Text: "MAILBOX user.nobody"}, work}
	case "stopped":
		return []Step{{Op: Stop, On: target.Imap2}, work, {Op: Pass, Count: 1}, {Op: Start, On: target.Imap2}}
	default:
		back, later := Step{Account: at.Account, Mailbox: at.Mailbox}, Step{Account: at.Account, Mailbox: at.Mailbox}.with(Append)
		later.Message, later.Count = 30, 1 // else there may be nothing to put back
		return []Step{back.with(BackUp), later, work, {Op: Settle}, back.with(PutBack)}
	}
}
