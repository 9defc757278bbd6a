package cyrus

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.SpoolSaboteur  = saboteur{}
	_ target.FolderSaboteur = saboteur{}
)

// messageFile is the name of a message's file in its mailbox's directory.
func messageFile(folder string, uid uint32) string { return fmt.Sprintf("%s/%d.", folder, uid) }

// SpoilMessage implements [target.SpoolSaboteur].
func (b saboteur) SpoilMessage(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32, harm target.Harm) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	return s.harm(ctx, fmt.Sprintf("the file of UID %d in %s of %s", uid, mailbox, account), messageFile(folder, uid), harm)
}

// SwapMessages implements [target.SpoolSaboteur].
func (b saboteur) SwapMessages(ctx context.Context, name target.ServerName, account, mailbox string, first, second uint32) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	summary := fmt.Sprintf("the files of UID %d and UID %d in %s of %s have changed places", first, second, mailbox, account)
	return s.measured(ctx, summary, fmt.Sprintf("file of UID %d", first), `sha1sum <"$one" | cut -c1-12`,
		`[ -e "$one" ]; [ -e "$two" ]; mv "$one" "$one-"; mv "$two" "$one"; mv "$one-" "$two"`, messageFile(folder, first), messageFile(folder, second))
}

// AddMessageFile implements [target.SpoolSaboteur].
func (b saboteur) AddMessageFile(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32, body []byte) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	path := messageFile(folder, uid)
	if _, err := s.contents(ctx, path); err == nil {
		return target.Evidence{}, fmt.Errorf("adding a file for UID %d to %s of %s on %s: there is one", uid, mailbox, account, name)
	}
	if err := s.overwrite(ctx, path, body); err != nil {
		return target.Evidence{}, fmt.Errorf("adding a file for UID %d to %s of %s on %s: %w", uid, mailbox, account, name, err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("a file for UID %d was put into %s of %s on %s", uid, mailbox, account, name),
		Facts:   []target.Fact{{What: fmt.Sprintf("file of UID %d", uid), Before: "not there", After: describeFile(body)}},
	}, nil
}

// SpoilCache implements [target.FolderSaboteur].
func (b saboteur) SpoilCache(ctx context.Context, name target.ServerName, account, mailbox string, harm target.Harm) (target.Evidence, error) {
	const header = "4" // all that is left of one that is cut off
	return b.spoilFile(ctx, name, account, mailbox, "cyrus.cache", harm, header)
}

// RemoveHeader implements [target.FolderSaboteur].
func (b saboteur) RemoveHeader(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	return b.spoilFile(ctx, name, account, mailbox, "cyrus.header", target.Removed)
}

func (b saboteur) spoilFile(ctx context.Context, name target.ServerName, account, mailbox, file string, harm target.Harm, at ...string) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	return s.harm(ctx, fmt.Sprintf("%s of %s of %s", file, mailbox, account), folder+"/"+file, harm, at...)
}

// RemoveFolder implements [target.FolderSaboteur]. The directory gets another name first:
// a process that works in it would bring files into what is being removed.
func (b saboteur) RemoveFolder(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	return s.measured(ctx, fmt.Sprintf("the directory of %s of %s was removed", mailbox, account), "files in it",
		`find "$one" -type f 2>/dev/null | wc -l`, `mv "$one" "$one-gone"; rm -r "$one-gone"`, folder)
}
