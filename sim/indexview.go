package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// indexView is what the sync protocol tells.
type indexView struct{ *server }

// ask reaches sync_server.
func (v indexView) ask(ctx context.Context) error {
	if err := v.connect(ctx, serviceSync); err != nil {
		return err
	}
	return v.readsList(serviceSync, request{verb: "GET"})
}

// answered turns what sync_server says into what a client makes of it.
func answered(command string, err error) error {
	if err == syncServerCrash {
		return &target.RefusedError{Command: command, Status: "BYE", Text: fatalRecord}
	}
	return &target.RefusedError{Command: command, Status: "NO", Text: err.Error()}
}

// visible returns the account's mailboxes that can be opened. All are asked for
// at once; where one cannot be opened that is refused, and then each that is
// listed is asked for by its name.
func (v indexView) visible(account string) ([]*entry, error) {
	found, err := v.askUser(account)
	if err == nil {
		return found, nil
	}
	if err == syncServerCrash {
		return nil, answered("GET USER "+account, err)
	}
	var listed []string
	for _, e := range v.disk.list.ofAccount(account) {
		listed = append(listed, e.name)
	}
	told, err := v.getMailboxes(listed)
	if err != nil {
		return nil, answered("GET MAILBOXES", err)
	}
	found = make([]*entry, len(told))
	for i := range told {
		found[i] = told[i].entry
	}
	return found, nil
}

// Mailboxes implements [target.IndexView].
func (v indexView) Mailboxes(ctx context.Context, account string) ([]target.Mailbox, error) {
	if err := v.ask(ctx); err != nil {
		return nil, err
	}
	visible, err := v.visible(account)
	if err != nil {
		return nil, err
	}
	found := make([]target.Mailbox, 0, len(visible))
	for _, e := range visible {
		if e.kind == entryMail && !isDeletedName(e.name) {
			mailbox, err := v.view(e, account)
			if err != nil {
				return nil, err
			}
			found = append(found, mailbox)
		}
	}
	slices.SortFunc(found, func(a, b target.Mailbox) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// view returns a mailbox that can be opened as a snapshot has it, without its records.
func (v indexView) view(e *entry, account string) (target.Mailbox, error) {
	name, err := e.shownTo(account)
	if err != nil {
		return target.Mailbox{}, fmt.Errorf("index view of %s: %w", account, err)
	}
	f := v.disk.folder(e)
	x := &f.index
	return target.Mailbox{
		Name: name, UniqueID: e.uniqueID, UIDValidity: x.uidValidity, LastUID: x.lastUID, HighestModSeq: x.highestModSeq,
		ACL: e.aclText(e.acl), QuotaRoot: f.quotaRoot, SyncCRC: e.crcText(x.crc), Annotations: f.annotationsFor(account),
	}, nil
}

// Mailbox implements [target.IndexView].
func (v indexView) Mailbox(ctx context.Context, account, name string) (target.Mailbox, error) {
	if err := v.ask(ctx); err != nil {
		return target.Mailbox{}, err
	}
	internal := v.disk.list.internal(account, name)
	e, err := v.askMailbox(internal)
	if err != nil {
		return target.Mailbox{}, answered("GET FULLMAILBOX "+internal, err)
	}
	m, err := v.view(e, account)
	if err != nil {
		return target.Mailbox{}, err
	}
	m.Records = v.disk.folder(e).index.view()
	return m, nil
}

// Meta implements [target.IndexView].
func (v indexView) Meta(ctx context.Context, account string) (target.Meta, error) {
	meta := target.Meta{QuotaKiB: target.NoQuota}
	if err := v.ask(ctx); err != nil {
		return target.Meta{}, err
	}
	visible, err := v.visible(account) // for those that are deleted
	if err != nil {
		return target.Meta{}, err
	}
	own := newAccount()
	if a, ok := v.disk.accounts[account]; ok && v.disk.list.owned(account, inbox) != nil {
		own = a // else its files are not found: the INBOX's unique ID names their directory
	}
	if len(own.subscriptions) > 0 {
		meta.Subscriptions = make([]string, 0, len(own.subscriptions))
	}
	for _, internal := range names(own.subscriptions) {
		name, err := v.disk.list.shownTo(account, internal)
		if err != nil {
			return target.Meta{}, fmt.Errorf("index view of what belongs to %s: %w", account, err)
		}
		meta.Subscriptions = append(meta.Subscriptions, name)
	}
	slices.Sort(meta.Subscriptions)
	for _, stored := range v.disk.scripts(account) {
		if guid, known := v.scriptGUID(own, stored); known {
			meta.Scripts = append(meta.Scripts, target.Script{Name: stored.name, GUID: guid, Active: v.runs(own, stored)})
		}
	}
	if a, ok := v.disk.accounts[account]; ok && a.quotaRoot != "" {
		meta.QuotaKiB = a.quotaKiB
		if len(a.otherLimits) > 0 {
			meta.OtherLimits = maps.Clone(a.otherLimits)
		}
	}
	for _, uniqueID := range names(own.seen) {
		if seen := own.seen[uniqueID]; len(seen.uids) > 0 {
			meta.Seen = append(meta.Seen, target.Seen{UniqueID: uniqueID, UIDs: uidSet(seen.uids)})
		}
	}
	for _, e := range visible {
		if isDeletedName(e.name) {
			meta.Deleted = append(meta.Deleted, e.uniqueID)
		}
	}
	slices.Sort(meta.Deleted)
	return meta, nil
}
