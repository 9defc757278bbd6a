package cyrus

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var _ target.IndexSaboteur = saboteur{}

// folder returns where a mailbox's files lie.
func (s *server) folder(ctx context.Context, account, mailbox string) (string, error) {
	said, err := s.tool(ctx, "mbpath", mailboxname.Tool(account, mailbox))
	folder := strings.TrimSpace(said)
	if err == nil && !strings.HasPrefix(folder, "/") {
		err = fmt.Errorf("mbpath says %q", folder)
	}
	if err != nil {
		return "", fmt.Errorf("looking for the files of %s of %s on %s: %w", mailbox, account, s.name, err)
	}
	return folder, nil
}

// contents returns one file of a server.
func (s *server) contents(ctx context.Context, path string) ([]byte, error) {
	return s.pair.engine.exec(ctx, s.id, "", "cat", path)
}

// overwrite puts other bytes into a file that is Cyrus's, as Cyrus's own.
func (s *server) overwrite(ctx context.Context, path string, content []byte) error {
	if err := s.pair.engine.write(ctx, s.id, file{path: path, mode: 0o600, content: content}); err != nil {
		return err
	}
	_, err := s.pair.engine.exec(ctx, s.id, "", "chown", "cyrus:mail", path)
	return err
}

// Lengths of what cyrus.index is made of.
const (
	indexHeader = 160
	indexRecord = 112
)

func digest(content []byte) string {
	sum := sha1.Sum(content)
	return hex.EncodeToString(sum[:])
}

// TruncateIndex implements [target.IndexSaboteur].
func (b saboteur) TruncateIndex(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	return b.spoilIndex(ctx, name, account, mailbox, "cut off within its header", func(index []byte) ([]byte, error) {
		const within = 100 // of a header of 160 bytes
		return index[:min(within, len(index))], nil
	})
}

// DamageRecord implements [target.IndexSaboteur].
func (b saboteur) DamageRecord(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	return b.spoilIndex(ctx, name, account, mailbox, "two bytes of its first record flipped", func(index []byte) ([]byte, error) {
		if len(index) < indexHeader+indexRecord {
			return nil, fmt.Errorf("its index has no record")
		}
		spoiled := bytes.Clone(index)
		spoiled[indexHeader+20] ^= 0xff
		spoiled[indexHeader+21] ^= 0xff
		return spoiled, nil
	})
}

// WipeRecord implements [target.IndexSaboteur].
func (b saboteur) WipeRecord(ctx context.Context, name target.ServerName, account, mailbox string, uid uint32) (target.Evidence, error) {
	how := fmt.Sprintf("given a record of no message in the place of UID %d's", uid)
	return b.spoilIndex(ctx, name, account, mailbox, how, func(index []byte) ([]byte, error) {
		spoiled := bytes.Clone(index)
		for at := indexHeader; at+indexRecord <= len(spoiled); at += indexRecord {
			record := spoiled[at : at+indexRecord]
			if binary.BigEndian.Uint32(record) == uid {
				binary.BigEndian.PutUint32(record, 0)
				const covered = indexRecord - 4
				binary.BigEndian.PutUint32(record[covered:], crc32.ChecksumIEEE(record[:covered]))
				return spoiled, nil
			}
		}
		return nil, fmt.Errorf("its index has no UID %d", uid)
	})
}

// SpoilIndex implements [target.IndexSaboteur].
func (b saboteur) SpoilIndex(ctx context.Context, name target.ServerName, account, mailbox string, harm target.Harm) (target.Evidence, error) {
	const lastUID = "31" // the last byte of LAST_UID
	at := map[target.Harm]string{target.Truncated: "100", target.Flipped: lastUID}[harm]
	if at == "" {
		return b.spoilFile(ctx, name, account, mailbox, "cyrus.index", harm)
	}
	return b.spoilFile(ctx, name, account, mailbox, "cyrus.index", harm, at)
}

func (b saboteur) spoilIndex(ctx context.Context, name target.ServerName, account, mailbox, how string, spoil func([]byte) ([]byte, error)) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("spoiling the index of %s of %s on %s: %w", mailbox, account, name, err)
	}
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return fail(err)
	}
	path := folder + "/cyrus.index"
	before, err := s.contents(ctx, path)
	if err != nil {
		return fail(err)
	}
	spoiled, err := spoil(before)
	if err != nil {
		return fail(err)
	}
	if err := s.overwrite(ctx, path, spoiled); err != nil {
		return fail(err)
	}
	after, err := s.contents(ctx, path)
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("cyrus.index of %s of %s on %s was %s", mailbox, account, name, how),
		Facts: []target.Fact{{
			What: fmt.Sprintf("cyrus.index of %s of %s", mailbox, account), Before: describeFile(before), After: describeFile(after),
		}},
	}, nil
}

func describeFile(content []byte) string {
	return strconv.Itoa(len(content)) + " bytes, SHA-1 " + digest(content)[:12]
}
