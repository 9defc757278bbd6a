package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.IndexSaboteur  = saboteur{}
	_ target.ScriptSaboteur = saboteur{}
)

// visitTo returns a mailbox, whatever its state.
func (b saboteur) visitTo(name target.ServerName, account, mailbox string) (*visit, error) {
	s := b.pair.server(name)
	e := s.disk.list.owned(account, mailbox)
	if e == nil || s.disk.folder(e) == nil {
		return nil, errors.New("there is no such mailbox")
	}
	return s.visit(e), nil
}

// TruncateIndex implements [target.IndexSaboteur].
func (b saboteur) TruncateIndex(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	return b.spoilIndex(ctx, name, account, mailbox, "cut off within its header", func(x *index) error {
		x.state = indexCut
		return nil
	})
}

// DamageRecord implements [target.IndexSaboteur].
func (b saboteur) DamageRecord(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	return b.spoilIndex(ctx, name, account, mailbox, "two bytes of its first record flipped", func(x *index) error {
		if len(x.records) == 0 {
			return errors.New("its index has no record")
		}
		x.spoil(0, !x.records[0].rotten)
		return nil
	})
}

// SpoilIndex implements [target.IndexSaboteur].
func (b saboteur) SpoilIndex(ctx context.Context, name target.ServerName, account, mailbox string, harm target.Harm) (target.Evidence, error) {
	return b.spoilIndex(ctx, name, account, mailbox, string(harm), func(x *index) error {
		switch harm {
		case target.Removed:
			x.state = indexGone
		case target.Emptied:
			x.state = indexEmpty
		default:
			x.state = indexCut
		}
		return nil
	})
}

// WipeRecord implements [target.IndexSaboteur].
func (b saboteur) WipeRecord(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32) (target.Evidence, error) {
	how := fmt.Sprintf("given a record of no message in the place of UID %d's", uid)
	return b.spoilIndex(ctx, name, account, mailbox, how, func(x *index) error {
		i, ok := x.at(uid)
		if !ok {
			return fmt.Errorf("its index has no UID %d", uid)
		}
		if !x.records[i].expunged {
			x.ghosts++
		}
		x.remove(func(r record) bool { return r.uid == uid })
		return nil
	})
}

func (b saboteur) spoilIndex(ctx context.Context, name target.ServerName, account, mailbox, how string, spoil func(*index) error) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("spoiling the index of %s of %s on %s: %w", mailbox, account, name, err)
	}
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return fail(err)
	}
	before := v.index().describe()
	if err := spoil(v.index()); err != nil {
		return fail(err)
	}
	b.pair.tracef("cyrus.index of %s on %s was %s", v.entry.name, name, how)
	return target.Evidence{
		Summary: fmt.Sprintf("cyrus.index of %s of %s on %s was %s", mailbox, account, name, how),
		Facts: []target.Fact{{
			What: fmt.Sprintf("cyrus.index of %s of %s", mailbox, account), Before: before, After: v.index().describe(),
		}},
	}, nil
}

// describe says what an index looks like as a file.
func (x *index) describe() string {
	rotten := 0
	for _, r := range x.records {
		if r.rotten {
			rotten++
		}
	}
	state := [...]string{"whole", "cut off", "empty", "gone"}[x.state]
	return fmt.Sprintf("%s, %d records, %d of them rotten", state, len(x.records), rotten)
}

// ReplaceSource implements [target.ScriptSaboteur]. As on a real server the file
// keeps its length, and is filled up with blanks.
func (b saboteur) ReplaceSource(ctx context.Context, name target.ServerName, account, script string, source []byte) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("replacing the script %s of %s on %s: %w", script, account, name, err)
	}
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	s := b.pair.server(name)
	stored, err := s.disk.storedScript(account, script)
	if err != nil {
		return fail(err)
	}
	if len(source) > len(stored.source) {
		return fail(fmt.Errorf("%d bytes cannot take the place of %d", len(source), len(stored.source)))
	}
	padded := slices.Concat(source, bytes.Repeat([]byte(" "), len(stored.source)-len(source)))
	f := s.disk.folder(s.disk.list.owned(account, sieveMailbox))
	kept := f.files.at[stored.record.uid]
	head := len(kept.body) - len(stored.source)
	f.files.put(stored.record.uid, newFile(slices.Concat(kept.body[:head], padded), kept.date))
	evidence := target.Evidence{
		Summary: fmt.Sprintf("the script %s of %s on %s was replaced", script, account, name),
		Facts:   []target.Fact{{What: "source of " + script, Before: guidOf(stored.source), After: guidOf(padded)}},
	}
	compiled, err := b.ReplaceCompiled(ctx, name, account, script, source)
	return evidence.And(compiled), err
}

// ReplaceCompiled implements [target.ScriptSaboteur].
func (b saboteur) ReplaceCompiled(ctx context.Context, name target.ServerName, account, script string, source []byte) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("replacing the bytecode of %s of %s on %s: %w", script, account, name, err)
	}
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	s := b.pair.server(name)
	a, ok := s.disk.accounts[account]
	if !ok || a.bytecode[script].sha1 == "" {
		return fail(errors.New("there is none"))
	}
	code, err := b.pair.compile(source)
	if err != nil {
		return fail(err)
	}
	before := a.bytecode[script].sha1
	code.modified = s.clock().Unix()
	a.bytecode[script] = code
	b.pair.tracef("the bytecode of %s of %s on %s was replaced", script, account, name)
	return target.Evidence{
		Summary: fmt.Sprintf("the bytecode of %s of %s on %s was replaced", script, account, name),
		Facts:   []target.Fact{{What: "bytecode of " + script, Before: before, After: code.sha1}},
	}, nil
}

// storedScript returns the account's script of that name.
func (d *disk) storedScript(account, name string) (storedScript, error) {
	for _, stored := range d.scripts(account) {
		if stored.name == name {
			return stored, nil
		}
	}
	return storedScript{}, errors.New("there is no such script")
}
