package wire

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// SyncQuota is what GET QUOTA tells of a quota root. What has no limit is
// absent. How much is in use is not told.
type SyncQuota struct {
	Root   string
	Limits map[string]uint64 // "STORAGE" in KiB, "MESSAGE", "X-NUM-FOLDERS", "X-ANNOTATION-STORAGE"
	ModSeq uint64            // may differ on equal sides
}

// SyncFile says where a message file lies, and which it must be.
type SyncFile struct {
	Mailbox   string // internal name
	UniqueID  string
	Partition string // empty: the default one
	UID       uint32
	GUID      string
}

// SyncScript is one file of a sieve script.
type SyncScript struct {
	Filename string // "rules.script", or "rules.bc" of the active one
	GUID     string
	Active   bool
}

// Quota returns the limits of a quota root, which has the name of a mailbox;
// none where there is no such root.
func (s *Sync) Quota(ctx context.Context, root string) (SyncQuota, error) {
	values, err := s.Get(ctx, dlist.Value{Kind: dlist.Text, Key: "QUOTA", Text: root})
	if err != nil || len(values) == 0 {
		return SyncQuota{}, err
	}
	value := values[0]
	n := numbers{of: value}
	quota := SyncQuota{Root: value.TextOf("ROOT"), Limits: map[string]uint64{}, ModSeq: n.get("MODSEQ", 64)}
	for _, item := range value.Items {
		if item.Key != "ROOT" && item.Key != "MODSEQ" && item.Key != "LIMIT" { // LIMIT is STORAGE, as it was called
			quota.Limits[item.Key] = n.get(item.Key, 64)
		}
	}
	if n.err != nil {
		return SyncQuota{}, fmt.Errorf("GET QUOTA: %w", n.err)
	}
	return quota, nil
}

// Fetch returns the bytes of a message file. They are nil where the file's bytes
// are not those that the GUID names: it is damaged, or another message's. That
// there is no file is refused, with IMAP_MAILBOX_NONEXISTENT.
func (s *Sync) Fetch(ctx context.Context, file SyncFile) ([]byte, error) {
	w := dlistWriter{}
	w.text("MBOXNAME", file.Mailbox)
	w.text("PARTITION", SyncMailbox{Partition: file.Partition}.partition())
	w.text("UNIQUEID", file.UniqueID)
	w.text("GUID", file.GUID)
	w.number("UID", uint64(file.UID))
	values, err := s.Get(ctx, dlist.Value{Kind: dlist.Map, Key: "FETCH", Items: w.items})
	switch {
	case err != nil:
		return nil, err
	case len(values) != 1:
		return nil, fmt.Errorf("GET FETCH: %d messages in the answer", len(values))
	case values[0].Kind == dlist.Nil:
		return nil, nil
	case values[0].Kind != dlist.File || !strings.EqualFold(values[0].GUID, file.GUID):
		return nil, fmt.Errorf("GET FETCH: the answer is not the file of GUID %.8s", file.GUID)
	}
	return []byte(values[0].Text), nil
}
