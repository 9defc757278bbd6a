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
	_ target.SpoolSaboteur  = saboteur{}
	_ target.FolderSaboteur = saboteur{}
)

var errNoFile = errors.New("there is no such file")

// damage measures something before and after a change of it.
func (b saboteur) damage(ctx context.Context, name target.ServerName, what, summary string, measure func() string, change func() error) (target.Evidence, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	before := measure()
	err := change()
	after := measure()
	if err == nil && before == after {
		err = fmt.Errorf("it was and is %q", before)
	}
	if err != nil {
		return target.Evidence{}, fmt.Errorf("%s on %s: %w", summary, name, err)
	}
	b.pair.tracef("%s on %s", summary, name)
	return target.Evidence{
		Summary: fmt.Sprintf("%s on %s", summary, name),
		Facts:   []target.Fact{{What: what, Before: before, After: after}},
	}, nil
}

// describeFile says what the file of a message is like.
func (f *folder) describeFile(uid uint32) string {
	there, ok := f.files.at[uid]
	if !ok {
		return "not there"
	}
	said := fmt.Sprintf("%d bytes, SHA-1 %.12s", len(there.body), guidOf(there.body))
	if there.denied {
		said += ", not to be read"
	}
	return said
}

// harmed returns what a harm makes of a file's bytes.
func harmed(body []byte, harm target.Harm) []byte {
	switch harm {
	case target.Truncated:
		return body[: len(body)/2 : len(body)/2]
	case target.Flipped:
		if len(body) == 0 {
			return nil // there is no byte to flip
		}
		flipped := slices.Clone(body)
		flipped[len(flipped)/2] ^= 0xff
		return flipped
	case target.Zeroed:
		return bytes.Repeat([]byte{0}, len(body))
	default:
		return nil
	}
}

// SpoilMessage implements [target.SpoolSaboteur].
func (b saboteur) SpoilMessage(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32, harm target.Harm) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	what := fmt.Sprintf("the file of UID %d in %s of %s", uid, mailbox, account)
	return b.damage(ctx, name, what, fmt.Sprintf("%s was %s", what, harm), func() string { return v.folder.describeFile(uid) }, func() error {
		there, ok := v.folder.files.at[uid]
		if !ok {
			return errNoFile
		}
		if harm == target.Removed {
			v.folder.files.remove(uid)
			return nil
		}
		b.marks(v, uid)
		v.folder.files.put(uid, newFile(harmed(there.body, harm), there.date))
		return nil
	})
}

// marks notes that the files of these messages are no longer what is recorded of them.
func (b saboteur) marks(v *visit, uids ...uint32) {
	for _, uid := range uids {
		if i, known := v.index().at(uid); known {
			v.server.disk.harmed[v.index().records[i].guid] = true
		}
	}
}

// SwapMessages implements [target.SpoolSaboteur].
func (b saboteur) SwapMessages(ctx context.Context, name target.ServerName, account, mailbox string, first, second uint32) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	summary := fmt.Sprintf("the files of UID %d and UID %d in %s of %s have changed places", first, second, mailbox, account)
	return b.damage(ctx, name, fmt.Sprintf("file of UID %d", first), summary, func() string { return v.folder.describeFile(first) }, func() error {
		one, ok := v.folder.files.at[first]
		two, also := v.folder.files.at[second]
		if !ok || !also {
			return errNoFile
		}
		b.marks(v, first, second)
		v.folder.files.put(first, two)
		v.folder.files.put(second, one)
		return nil
	})
}

// AddMessageFile implements [target.SpoolSaboteur].
func (b saboteur) AddMessageFile(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32, body []byte) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	summary := fmt.Sprintf("a file for UID %d was put into %s of %s", uid, mailbox, account)
	return b.damage(ctx, name, fmt.Sprintf("file of UID %d", uid), summary, func() string { return v.folder.describeFile(uid) }, func() error {
		if _, ok := v.folder.files.at[uid]; ok {
			return errors.New("there is one")
		}
		v.folder.files.put(uid, newFile(slices.Clone(body), b.pair.now.Unix()))
		return nil
	})
}

// SpoilCache implements [target.FolderSaboteur]. Whatever is done to it, no record
// finds there what it knew.
func (b saboteur) SpoilCache(ctx context.Context, name target.ServerName, account, mailbox string, harm target.Harm) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	what := fmt.Sprintf("cyrus.cache of %s of %s", mailbox, account)
	return b.damage(ctx, name, what, fmt.Sprintf("%s was %s", what, harm), func() string {
		return fmt.Sprintf("%d records of %d lost", len(v.folder.uncached), len(v.index().records))
	}, func() error {
		for _, r := range v.index().records {
			v.folder.uncached[r.uid] = true
		}
		return nil
	})
}

// RemoveHeader implements [target.FolderSaboteur]. Cyrus then has no more use for
// the index than if that were gone.
func (b saboteur) RemoveHeader(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	what := fmt.Sprintf("cyrus.header of %s of %s", mailbox, account)
	return b.damage(ctx, name, what, what+" was removed", func() string { return fmt.Sprint("usable: ", v.index().state != indexGone) }, func() error {
		v.index().state, v.folder.headerGone = indexGone, true
		return nil
	})
}

// RemoveFolder implements [target.FolderSaboteur].
func (b saboteur) RemoveFolder(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	v, err := b.visitTo(name, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	what := fmt.Sprintf("the directory of %s of %s", mailbox, account)
	folders := &b.pair.server(name).disk.folders
	return b.damage(ctx, name, what, what+" was removed", func() string { return fmt.Sprint("there: ", folders.at[v.entry.uniqueID] != nil) }, func() error {
		folders.remove(v.entry.uniqueID)
		return nil
	})
}
