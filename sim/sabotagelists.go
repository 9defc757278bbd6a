package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var (
	_ target.ListSaboteur     = saboteur{}
	_ target.StateSaboteur    = saboteur{}
	_ target.BytecodeSaboteur = saboteur{}
)

// RemoveEntry implements [target.ListSaboteur].
func (b saboteur) RemoveEntry(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	disk := b.pair.server(name).disk
	list, internal := &disk.list, mailboxname.Internal(account, mailbox)
	summary := fmt.Sprintf("the entry of %s of %s was taken out of the list", mailbox, account)
	return b.damage(ctx, name, "entry", summary, func() string { return fmt.Sprint("there: ", list.any(internal) != nil) }, func() error {
		if e := list.find(internal); e != nil {
			if list.lost == nil {
				list.lost = map[string]*entry{}
			}
			list.lost[internal] = e
		}
		list.remove(internal)
		if isInbox(internal) {
			disk.account(account).entryLost = true
		}
		return nil
	})
}

// SpoilList implements [target.ListSaboteur].
func (b saboteur) SpoilList(ctx context.Context, name target.ServerName, harm target.Harm) (target.Evidence, error) {
	s := b.pair.server(name)
	list := &s.disk.list
	return b.damage(ctx, name, "mailboxes.db", "mailboxes.db was "+string(harm), func() string { return fmt.Sprintf("%d entries, unreadable: %v", len(list.entries), list.unreadable) }, func() error {
		if harm == target.Truncated {
			kept, of := list.cut()
			s.logf("%s: twoskip: recovery2 mailboxes.db - rescued %d of %d records", serviceIMAP, 2*kept, 2*of)
			return nil
		}
		*list = mailboxList{file: listFile{size: listHead}, unreadable: harm == target.CutShort}
		return nil
	})
}

// SpoilConversations implements [target.StateSaboteur].
func (b saboteur) SpoilConversations(ctx context.Context, name target.ServerName, account string, harm target.Harm) (target.Evidence, error) {
	a := b.pair.server(name).disk.account(account)
	what := "conversations.db of " + account
	return b.damage(ctx, name, what, fmt.Sprintf("%s was %s", what, harm), func() string { return fmt.Sprint("lost: ", a.conversationsLost) }, func() error {
		a.conversationsLost = true
		return nil
	})
}

// SpoilSeen implements [target.StateSaboteur]. A database without a byte is as good as
// none, one that is cut off is not.
func (b saboteur) SpoilSeen(ctx context.Context, name target.ServerName, account string, harm target.Harm) (target.Evidence, error) {
	a := b.pair.server(name).disk.account(account)
	what := "seen of " + account
	return b.damage(ctx, name, what, fmt.Sprintf("%s was %s", what, harm), func() string { return fmt.Sprintf("%d mailboxes, broken: %v", len(a.seen), a.seenBroken) }, func() error {
		clear(a.seen)
		a.seenBroken = harm == target.Truncated
		return nil
	})
}

// compiledOf returns the bytecode of an account's script.
func (s *server) compiledOf(account, script string) (*accountState, bytecode, error) {
	a := s.disk.account(account)
	code, ok := a.bytecode[script]
	if !ok {
		return nil, bytecode{}, errors.New("there is no such bytecode")
	}
	return a, code, nil
}

// AgeCompiled implements [target.BytecodeSaboteur].
func (b saboteur) AgeCompiled(ctx context.Context, name target.ServerName, account, script string, source []byte) (target.Evidence, error) {
	evidence, err := b.ReplaceCompiled(ctx, name, account, script, source)
	if err != nil {
		return evidence, err
	}
	a, code, err := b.pair.server(name).compiledOf(account, script)
	if err != nil {
		return evidence, err
	}
	aged, err := b.damage(ctx, name, "its date", fmt.Sprintf("the bytecode of %s of %s was dated before its source", script, account),
		func() string { return fmt.Sprint(a.bytecode[script].modified) }, func() error {
			code.modified = time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
			a.bytecode[script] = code
			return nil
		})
	return evidence.And(aged), err
}

// RemoveCompiled implements [target.BytecodeSaboteur].
func (b saboteur) RemoveCompiled(ctx context.Context, name target.ServerName, account, script string) (target.Evidence, error) {
	a := b.pair.server(name).disk.account(account)
	what := fmt.Sprintf("the bytecode of %s of %s", script, account)
	return b.damage(ctx, name, what, what+" was removed", func() string { return "SHA-1 " + a.bytecode[script].sha1 }, func() error {
		if _, there := a.bytecode[script]; !there {
			return errors.New("it is not there")
		}
		delete(a.bytecode, script)
		return nil
	})
}

// RemoveActiveLink implements [target.BytecodeSaboteur].
func (b saboteur) RemoveActiveLink(ctx context.Context, name target.ServerName, account string) (target.Evidence, error) {
	a := b.pair.server(name).disk.account(account)
	summary := fmt.Sprintf("the link to the bytecode that runs for %s was removed", account)
	return b.damage(ctx, name, "link", summary, func() string { return a.defaultScript }, func() error {
		a.defaultScript = ""
		return nil
	})
}
