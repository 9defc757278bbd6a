package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var (
	_ target.Unexpunger = operator{}
	_ target.Resetter   = operator{}
)

// Unexpunge implements [target.Unexpunger].
func (o operator) Unexpunge(ctx context.Context, name target.ServerName, account, mailbox string, uids []uint32) (string, error) {
	s := o.pair.server(name)
	if err := o.pair.takes(ctx, toolTime); err != nil {
		return "", err
	}
	e := s.disk.list.owned(account, mailbox)
	if !s.up() || e == nil {
		return "", fmt.Errorf("running cyrus unexpunge on %s: it is down, or has no %s of %s", name, mailbox, account)
	}
	v := s.visit(e)
	if text := v.trouble(); text != "" {
		return "", fmt.Errorf("running cyrus unexpunge on %s: %s", name, text)
	}
	var said strings.Builder
	for _, old := range slices.Clone(v.index().records) {
		if !old.expunged || old.unlinked || !slices.Contains(uids, old.uid) {
			continue
		}
		kept := v.folder.files.at[old.uid]
		fresh := old
		fresh.uid, fresh.expunged = v.index().lastUID+1, false
		v.folder.files.put(fresh.uid, kept)
		v.rewrite(fresh)
		old.unlinked = true
		v.folder.files.remove(old.uid)
		v.rewrite(old)
		fmt.Fprintf(&said, "Unexpunged %s: %d => %d\n", mailboxname.Tool(account, mailbox), old.uid, fresh.uid)
	}
	v.leave()
	return said.String(), nil
}

// ResetUser implements [target.Resetter].
func (o operator) ResetUser(ctx context.Context, name target.ServerName, account string, apart bool) error {
	s := o.pair.server(name)
	if err := o.pair.takes(ctx, toolTime); err != nil {
		return err
	}
	if !s.up() {
		return fmt.Errorf("resetting %s on %s: it is down", account, name)
	}
	defer s.hush()()
	if client := o.pair.server(name.Other()).client; client != nil && client.server.peer == s {
		client.overtaken(account)
	}
	removed, kept := false, false
	for _, e := range slices.Backward(s.disk.list.ofAccount(account)) {
		f := s.disk.folder(e)
		if isInbox(e.name) {
			removed, kept = true, f == nil || f.index.state != indexWhole
		}
		s.visit(e).refusal("sync_reset")
		s.remove(e)
		s.disk.list.remove(e.name)
		if f != nil && f.index.state != indexWhole {
			s.disk.remains[e.uniqueID] = f.files.at // of what cannot be opened sync_reset removes the entry alone
		}
		if f != nil && f.index.rotten() {
			return fmt.Errorf("resetting %s on %s: sync_reset died: %s", account, name, fatalRecord)
		}
	}
	unknown := s.disk.account(account).strayed
	delete(s.disk.accounts, account)
	s.disk.account(account).wasReset = !kept
	if !removed { // with an INBOX that it does not know of conversations.db stays, and knows no more than before
		s.disk.account(account).strayed = unknown
	}
	if !apart {
		s.quiet = false
		s.log("UNUSER", account)
	}
	o.pair.tracef("%s reset %s", name, account)
	return nil
}

// ListExpunged implements [target.Unexpunger].
func (o operator) ListExpunged(ctx context.Context, name target.ServerName, account, mailbox string) ([]uint32, error) {
	s, err := o.at(ctx, name, "unexpunge -l")
	if err != nil {
		return nil, err
	}
	e := s.disk.list.owned(account, mailbox)
	if e == nil || s.disk.folder(e) == nil {
		return nil, fmt.Errorf("running unexpunge -l on %s: there is no %s of %s", name, mailbox, account)
	}
	var uids []uint32
	for _, r := range s.visit(e).index().records {
		if r.expunged && !r.unlinked {
			uids = append(uids, r.uid)
		}
	}
	return uids, nil
}
