package sim

import (
	"context"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// indexView is what the sync protocol tells.
type indexView struct{ *server }

// Mailboxes implements [target.IndexView].
func (v indexView) Mailboxes(ctx context.Context, account string) ([]target.Mailbox, error) {
	if err := v.connect(ctx, "sync"); err != nil {
		return nil, err
	}
	found := []target.Mailbox{}
	for b, m := range v.disk.mailboxes {
		if b.account == account {
			found = append(found, m.header(b.mailbox))
		}
	}
	slices.SortFunc(found, func(a, b target.Mailbox) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// Mailbox implements [target.IndexView].
func (v indexView) Mailbox(ctx context.Context, account, name string) (target.Mailbox, error) {
	if err := v.connect(ctx, "sync"); err != nil {
		return target.Mailbox{}, err
	}
	m, ok := v.disk.mailboxes[box{account, name}]
	if !ok {
		return target.Mailbox{}, &target.RefusedError{Command: "GET FULLMAILBOX " + (box{account, name}).internal(), Status: "NO", Text: "IMAP_MAILBOX_NONEXISTENT"}
	}
	full := m.header(name)
	full.Records = cloneRecords(m.records)
	return full, nil
}

// Meta implements [target.IndexView]. Nothing is modelled yet that it tells.
func (v indexView) Meta(ctx context.Context, _ string) (target.Meta, error) {
	return target.Meta{QuotaKiB: target.NoQuota}, v.connect(ctx, "sync")
}

func (m *mailbox) header(name string) target.Mailbox {
	return target.Mailbox{
		Name: name, UniqueID: m.uniqueID, UIDValidity: m.uidValidity,
		LastUID: m.lastUID, HighestModSeq: m.highestModSeq, ACL: m.acl,
	}
}
