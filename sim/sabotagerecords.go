package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.RecordSaboteur = saboteur{}
	_ target.AccessSaboteur = saboteur{}
	_ target.SourceSaboteur = saboteur{}
	_ target.Witness        = saboteur{}
)

// SwapGUIDs implements [target.RecordSaboteur].
func (b saboteur) SwapGUIDs(ctx context.Context, name target.ServerName, account, mailbox string, first, second uint32) (target.Evidence, error) {
	return b.swap(ctx, name, account, mailbox, "GUID", first, second, func(one, two *record) {
		one.guid, two.guid = two.guid, one.guid
	})
}

// SwapDates implements [target.RecordSaboteur].
func (b saboteur) SwapDates(ctx context.Context, name target.ServerName, account, mailbox string, first, second uint32) (target.Evidence, error) {
	return b.swap(ctx, name, account, mailbox, "INTERNALDATE", first, second, func(one, two *record) {
		one.internalDate, two.internalDate = two.internalDate, one.internalDate
	})
}

// swap lets a field of two records change places.
func (b saboteur) swap(ctx context.Context, name target.ServerName, account, mailbox, field string, first, second uint32, swap func(one, two *record)) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	summary := fmt.Sprintf("the %ss of UID %d and UID %d in %s of %s have changed places", field, first, second, mailbox, account)
	return b.damage(ctx, name, fmt.Sprintf("%s of UID %d", field, first), summary, func() string { return v.index().shownAt(first) }, func() error {
		x := v.index()
		i, ok := x.at(first)
		j, also := x.at(second)
		if !ok || !also {
			return errors.New("its index has not both messages")
		}
		one, two := x.records[i], x.records[j]
		swap(&one, &two)
		x.write(one)
		x.write(two)
		return nil
	})
}

// shownAt tells of a record what a swap changes.
func (x *index) shownAt(uid uint32) string {
	i, ok := x.at(uid)
	if !ok {
		return "no record"
	}
	return fmt.Sprintf("%s of %d", x.records[i].guid, x.records[i].internalDate)
}

// SetLastUID implements [target.RecordSaboteur].
func (b saboteur) SetLastUID(ctx context.Context, name target.ServerName, account, mailbox string, lastUID uint32) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	summary := fmt.Sprintf("LAST_UID of %s of %s was made %d", mailbox, account, lastUID)
	return b.damage(ctx, name, "LAST_UID", summary, func() string { return fmt.Sprint(v.index().lastUID) }, func() error {
		v.index().lastUID = lastUID
		return nil
	})
}

// DenyMessage implements [target.AccessSaboteur]. Whatever the reason, it comes to
// the same.
func (b saboteur) DenyMessage(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32, denial target.Denial) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	what := fmt.Sprintf("the file of UID %d in %s of %s", uid, mailbox, account)
	return b.damage(ctx, name, what, fmt.Sprintf("%s was %s", what, denial), func() string { return v.folder.describeFile(uid) }, func() error {
		there, ok := v.folder.files.at[uid]
		if !ok {
			return errNoFile
		}
		there.denied = true
		v.folder.files.put(uid, there)
		return nil
	})
}

// RemoveSource implements [target.SourceSaboteur].
func (b saboteur) RemoveSource(ctx context.Context, name target.ServerName, account, script string) (target.Evidence, error) {
	d := b.pair.server(name).disk
	stored, err := d.storedScript(account, script)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("removing the source of %s of %s on %s: %w", script, account, name, err)
	}
	f := d.folder(d.list.owned(account, sieveMailbox))
	what := fmt.Sprintf("the source of %s of %s", script, account)
	return b.damage(ctx, name, what, what+" was removed", func() string { return f.describeFile(stored.record.uid) }, func() error {
		f.files.remove(stored.record.uid)
		return nil
	})
}

// MessageFiles implements [target.Witness].
func (b saboteur) MessageFiles(ctx context.Context, name target.ServerName, account, mailbox string) (map[uint32]target.MessageFile, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return nil, fmt.Errorf("listing the message files in %s of %s on %s: %w", mailbox, account, name, err)
	}
	files := map[uint32]target.MessageFile{}
	for uid, f := range v.folder.files.at {
		files[uid] = target.MessageFile{Size: int64(len(f.body)), Denied: f.denied}
	}
	return files, nil
}

// Uncached implements [target.Witness].
func (b saboteur) Uncached(ctx context.Context, name target.ServerName, account, mailbox string) ([]uint32, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return nil, fmt.Errorf("reading cyrus.cache of %s of %s on %s: %w", mailbox, account, name, err)
	}
	var uncached []uint32
	for _, r := range v.index().records {
		if v.folder.uncached[r.uid] {
			uncached = append(uncached, r.uid)
		}
	}
	return slices.Clip(uncached), nil
}

// InConversations implements [target.Witness].
func (b saboteur) InConversations(ctx context.Context, name target.ServerName, account string) (map[string]bool, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	s, known := b.pair.server(name), map[string]bool{}
	a := s.disk.account(account)
	if a.conversationsLost {
		return known, nil
	}
	for _, e := range s.disk.list.ofAccount(account) {
		if f := s.disk.folder(e); f != nil && e.kind == entryMail {
			for _, r := range f.index.records {
				known[r.guid] = !a.strayed[r.guid]
			}
		}
	}
	return known, nil
}
