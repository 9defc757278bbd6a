package cyrus

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed conversations.sh
var conversationsScript string

var (
	_ target.Witness        = saboteur{}
	_ target.AccessSaboteur = saboteur{}
	_ target.SourceSaboteur = saboteur{}
)

// MessageFiles implements [target.Witness].
func (b saboteur) MessageFiles(ctx context.Context, name target.ServerName, account, mailbox string) (map[uint32]target.MessageFile, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return nil, err
	}
	const listing = `cd "$1" && for f in [0-9]*.; do [ ! -e "$f" ] || { [ -r "$f" ] && r=yes || r=no; echo "$f $(stat -c %s "$f") $r"; }; done`
	said, err := s.pair.engine.exec(ctx, s.id, "cyrus", "sh", "-c", listing, "listing", folder)
	if err != nil {
		return nil, fmt.Errorf("listing the message files in %s of %s on %s: %w", mailbox, account, name, err)
	}
	files := map[uint32]target.MessageFile{}
	for line := range strings.Lines(string(said)) {
		var file string
		var size int64
		var readable string
		if _, err := fmt.Sscan(line, &file, &size, &readable); err != nil {
			return nil, fmt.Errorf("listing the message files in %s of %s on %s: %q: %w", mailbox, account, name, line, err)
		}
		if uid, err := strconv.ParseUint(strings.TrimSuffix(file, "."), 10, 32); err == nil {
			files[uint32(uid)] = target.MessageFile{Size: size, Denied: readable != "yes"}
		}
	}
	return files, nil
}

// Uncached implements [target.Witness].
func (b saboteur) Uncached(ctx context.Context, name target.ServerName, account, mailbox string) ([]uint32, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return nil, err
	}
	index, err := s.contents(ctx, folder+"/cyrus.index")
	if err != nil {
		return nil, err
	}
	cache, err := s.pair.engine.exec(ctx, s.id, "", "sh", "-c", `[ ! -e "$1" ] || cat "$1"`, "cat", folder+"/cyrus.cache")
	if err != nil {
		return nil, err
	}
	var uncached []uint32
	recordsOf(index, func(uid uint32, record []byte) {
		at := binary.BigEndian.Uint32(record[recordCache:])
		if uid != 0 && cacheSum(cache, at) != binary.BigEndian.Uint32(record[cacheCRC:]) {
			uncached = append(uncached, uid)
		}
	})
	return uncached, nil
}

// cacheSum is the checksum of the record at that place of a cyrus.cache, 0 where
// there is none: ten fields, each its length and as many bytes, filled up to four.
func cacheSum(cache []byte, at uint32) uint32 {
	const fields = 10
	end := uint64(at)
	for range fields {
		if end+4 > uint64(len(cache)) {
			return 0
		}
		length := uint64(binary.BigEndian.Uint32(cache[end:]))
		end += 4 + (length+3)&^3
	}
	if end > uint64(len(cache)) {
		return 0
	}
	return crc32.ChecksumIEEE(cache[at:end])
}

// InConversations implements [target.Witness].
func (b saboteur) InConversations(ctx context.Context, name target.ServerName, account string) (map[string]bool, error) {
	s := b.pair.server(name)
	path, err := s.state(ctx, account, "conversations.db")
	if err != nil {
		return nil, err
	}
	said, err := s.pair.engine.exec(ctx, s.id, "cyrus", "sh", "-c", conversationsScript, "conversations.sh", path)
	if err != nil {
		return nil, fmt.Errorf("reading conversations.db of %s on %s: %w", account, name, err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(said)) {
		known[strings.TrimSpace(line)] = true
	}
	return known, nil
}

// DenyMessage implements [target.AccessSaboteur].
func (b saboteur) DenyMessage(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32, denial target.Denial) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	deny := map[target.Denial]string{
		target.WrongOwner: `chown root:root "$one"; chmod 600 "$one"`,
		target.WrongMode:  `chmod 000 "$one"`,
	}[denial]
	if deny == "" {
		return target.Evidence{}, fmt.Errorf("denying Cyrus a file on %s: no such denial: %q", name, denial)
	}
	// Owner and mode are the file's, whatever else it is linked to as well.
	deny = `[ "$(stat -c %h "$one")" = 1 ] || { cp -p "$one" "$one-" && mv "$one-" "$one"; }; ` + deny
	summary := fmt.Sprintf("the file of UID %d in %s of %s was %s", uid, mailbox, account, denial)
	return s.measured(ctx, summary, fmt.Sprintf("owner and mode of the file of UID %d", uid), `stat -c "%U:%G %a" "$one"`, deny, messageFile(folder, uid))
}

// RemoveSource implements [target.SourceSaboteur].
func (b saboteur) RemoveSource(ctx context.Context, name target.ServerName, account, script string) (target.Evidence, error) {
	s := b.pair.server(name)
	path, _, _, err := s.storedScript(ctx, account, script)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("removing the source of %s of %s on %s: %w", script, account, name, err)
	}
	return s.harm(ctx, fmt.Sprintf("the source of %s of %s", script, account), path, target.Removed)
}
