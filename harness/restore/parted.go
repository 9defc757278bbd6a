package restore

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Touched says what shows that a server has been changed by others than the rescued one
// since that last sent to it; empty: nothing does, which is no proof. Only what differs
// while both count on from the same numbers can show.
func (f *Freeze) Touched(rescued, serving target.ServerName) string {
	theirs, mine := f.Sides[rescued], f.Sides[serving]
	for account, now := range mine.Accounts {
		for _, m := range now.Mailboxes {
			source, known := byUniqueID(theirs.Accounts[account], m.UniqueID)
			if !known {
				if !slices.Contains(theirs.Accounts[account].Meta.Deleted, m.UniqueID) {
					return fmt.Sprintf("%s has %s of %s, which %s has never had", serving, m.Name, account, rescued)
				}
				continue
			}
			if fork := forkOf(source, m); fork != 0 {
				return fmt.Sprintf("UID %d in %s of %s is another message on %s than on %s", fork, m.Name, account, serving, rescued)
			}
			if m.LastUID > source.LastUID || m.HighestModSeq > source.HighestModSeq {
				return fmt.Sprintf("%s of %s has changes on %s that %s has never had", m.Name, account, serving, rescued)
			}
		}
	}
	return ""
}

// Parted is the freeze with the serving server's side as it was when the rescued server
// last sent to it, as far as what both have now tells: for a freeze that was taken when
// users had worked on the serving server already. What they have changed since is told
// by UIDs and modseqs; where those do not tell whose change it was, the serving server's
// state stands, and an action that does nothing says so.
func (f *Freeze) Parted(rescued, serving target.ServerName) (*Freeze, []Action, error) {
	theirs, err := f.Side(rescued)
	if err != nil {
		return nil, nil, err
	}
	mine, err := f.Side(serving)
	if err != nil {
		return nil, nil, err
	}
	before, source := *mine, *theirs
	before.Accounts, source.Accounts = map[string]target.Snapshot{}, map[string]target.Snapshot{}
	var undecided []Action
	for _, account := range sortedAccounts(mine.Accounts) {
		p := parting{account: account, theirs: theirs.Accounts[account], mine: mine.Accounts[account]}
		p.work()
		before.Accounts[account], source.Accounts[account] = p.before, p.source
		undecided = append(undecided, p.undecided...)
	}
	return &Freeze{TakenAt: f.TakenAt, Sides: map[target.ServerName]*FrozenSide{rescued: &source, serving: &before}}, undecided, nil
}

// parting works out one account as it was when both servers parted.
type parting struct {
	account      string
	theirs, mine target.Snapshot // as they are: rescued, serving
	// before is what the serving server had, source the rescued one's state without
	// what would be taken for a decision that nobody can make.
	before, source target.Snapshot
	undecided      []Action
}

func (p *parting) leave(a Action, why string, arguments ...any) {
	a.Act, a.Account, a.Why = Keep, p.account, fmt.Sprintf(why, arguments...)
	p.undecided = append(p.undecided, a)
}

func (p *parting) work() {
	p.before, p.source = p.mine, p.theirs
	p.before.Mailboxes = nil
	for _, m := range p.mine.Mailboxes {
		source, known := byUniqueID(p.theirs, m.UniqueID)
		switch {
		case known:
			p.before.Mailboxes = append(p.before.Mailboxes, p.mailbox(source, m))
		case slices.Contains(p.theirs.Meta.Deleted, m.UniqueID):
			p.before.Mailboxes = append(p.before.Mailboxes, m)
			p.source.Meta.Deleted = slices.DeleteFunc(slices.Clone(p.source.Meta.Deleted), func(id string) bool { return id == m.UniqueID })
			p.leave(Action{Mailbox: m.Name}, "its user had deleted it on %s, and may have used it on %s since; delete it by hand if not", p.theirs.Server, p.mine.Server)
		} // else it was made here since
	}
	p.meta()
}

// mailbox returns what the serving server had of a mailbox that both have.
func (p *parting) mailbox(theirs, mine target.Mailbox) target.Mailbox {
	before := mine
	before.Records = nil
	before.LastUID = min(mine.LastUID, theirs.LastUID)
	if fork := forkOf(theirs, mine); fork != 0 {
		before.LastUID = min(before.LastUID, fork-1)
	}
	common := commonModSeq(theirs, mine)
	rebuilt := theirs.UIDValidity != mine.UIDValidity // by reconstruct, which keeps UIDs and loses flags and modseqs
	target.PairRecords(theirs.Records, mine.Records, func(a, b *target.Record) {
		switch {
		case b == nil || b.UID > before.LastUID:
		case a == nil, rebuilt && !a.Expunged:
			before.Records = append(before.Records, *b)
		default:
			before.Records = append(before.Records, p.record(mine.Name, common, *a, *b))
		}
	})
	if theirs.Name != mine.Name {
		before.Name = theirs.Name
		p.leave(Action{Mailbox: mine.Name}, "it is %s on %s, and nothing tells which of both names is the newer one", theirs.Name, p.theirs.Server)
	}
	for _, values := range []struct {
		what         string
		theirs, mine map[string]string
	}{{"right", rightsOf(theirs.ACL), rightsOf(mine.ACL)}, {"annotation", theirs.Annotations, mine.Annotations}} {
		for _, name := range differing(values.theirs, values.mine) {
			p.leave(Action{Mailbox: mine.Name, Name: name, Value: values.theirs[name], Was: values.mine[name]},
				"%s has another %s there (%q, here %q), and nothing tells which is the newer one", p.theirs.Server, values.what, values.theirs[name], values.mine[name])
		}
	}
	before.ACL, before.Annotations = theirs.ACL, theirs.Annotations
	return before
}

// record returns what the serving server had of a message that both have. Whatever has
// been changed on a server since they parted has a modseq above all that they have in
// common.
func (p *parting) record(mailbox string, common uint64, theirs, mine target.Record) target.Record {
	switch {
	case theirs.Expunged && !mine.Expunged:
		before := mine
		before.ModSeq = min(mine.ModSeq, max(theirs.ModSeq, 1)-1)
		return before
	case mine.Expunged && !theirs.Expunged:
		if mine.ModSeq <= common {
			return mine
		}
		return theirs // its user has expunged it here since
	case slices.Equal(theirs.Flags, mine.Flags) || theirs.Expunged:
		return mine
	case mine.ModSeq <= common && theirs.ModSeq > common:
		return mine // it was changed there alone
	}
	before := mine
	before.Flags = theirs.Flags
	if theirs.ModSeq > common || mine.ModSeq <= common {
		add, _ := mergeThreeWays(nil, theirs.Flags, mine.Flags)
		remove, _ := mergeThreeWays(nil, mine.Flags, theirs.Flags)
		p.leave(Action{Mailbox: mailbox, UID: mine.UID, GUID: mine.GUID, Add: add, Remove: remove, Doubtful: true},
			"they differ from those on %s (modseq %d there, %d here), and nothing tells which is the later change", p.theirs.Server, theirs.ModSeq, mine.ModSeq)
	}
	return before
}

// meta works out what belongs to no mailbox. Nothing tells when such things were
// changed: what the serving server lacks is brought over, and what it has stands.
func (p *parting) meta() {
	theirs, mine := p.theirs.Meta, p.mine.Meta
	p.before.Meta.Scripts = nil
	for _, s := range theirs.Scripts {
		here, there := scriptNamed(mine, s.Name)
		if !there {
			continue
		}
		if here.GUID != s.GUID {
			p.leave(Action{Name: s.Name}, "the script is another one on %s, and nothing tells which is the newer one", p.theirs.Server)
			p.source.Meta.Scripts = slices.DeleteFunc(slices.Clone(p.source.Meta.Scripts), func(other target.Script) bool { return other.Name == s.Name })
			continue
		}
		p.before.Meta.Scripts = append(p.before.Meta.Scripts, here)
	}
	if active := activeScript(mine); active != "" && active != activeScript(theirs) {
		p.leave(Action{Name: active}, "on %s %q was active, and nothing tells which was made so later", p.theirs.Server, activeScript(theirs))
		p.source.Meta.Scripts = withActive(p.source.Meta.Scripts, active)
	}
	if theirs.QuotaKiB != mine.QuotaKiB {
		p.leave(Action{Name: "quota"}, "the limit is %d KiB on %s and %d here, and nothing tells which was set later", theirs.QuotaKiB, p.theirs.Server, mine.QuotaKiB)
		p.before.Meta.QuotaKiB = theirs.QuotaKiB
	}
	p.before.Meta.Deleted = slices.DeleteFunc(slices.Clone(mine.Deleted), func(id string) bool {
		_, there := byUniqueID(p.theirs, id)
		return !there && !slices.Contains(theirs.Deleted, id) // it may have been made here since
	})
	p.before.Meta.Subscriptions = slices.DeleteFunc(slices.Clone(theirs.Subscriptions), func(name string) bool {
		_, there := p.mine.Mailbox(name)
		return !there // with its mailbox, if that is made again
	})
}

// withActive returns scripts of which that one is active, if it is among them.
func withActive(scripts []target.Script, active string) []target.Script {
	scripts = slices.Clone(scripts)
	for i := range scripts {
		scripts[i].Active = scripts[i].Name == active
	}
	return scripts
}

// forkOf returns the first UID that each of both has given to another message; 0: there
// is none.
func forkOf(a, b target.Mailbox) uint32 {
	fork := uint32(0)
	target.PairRecords(a.Records, b.Records, func(a, b *target.Record) {
		if fork == 0 && a != nil && b != nil && a.GUID != b.GUID {
			fork = a.UID
		}
	})
	return fork
}

// commonModSeq is the highest modseq of what both have alike: they parted at it, or later.
func commonModSeq(a, b target.Mailbox) uint64 {
	common := uint64(0)
	target.PairRecords(a.Records, b.Records, func(a, b *target.Record) {
		if a != nil && b != nil && a.GUID == b.GUID && a.ModSeq == b.ModSeq && a.Expunged == b.Expunged && slices.Equal(a.Flags, b.Flags) && a.InternalDate.Equal(b.InternalDate) {
			common = max(common, a.ModSeq)
		}
	})
	return common
}

// differing returns the names of values that are not the same in both, sorted.
func differing(a, b map[string]string) []string {
	var names []string
	for name, value := range a {
		if b[name] != value {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, there := a[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func sortedAccounts(accounts map[string]target.Snapshot) []string {
	names := make([]string, 0, len(accounts))
	for name := range accounts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
