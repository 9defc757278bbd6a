package sim

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var (
	_ target.Checker                = operator{}
	_ target.EntryRebuilder         = operator{}
	_ target.ConversationsRebuilder = operator{}
)

// at returns the server on which a tool is to run, once it has taken its time.
func (o operator) at(ctx context.Context, name target.ServerName, tool string) (*server, error) {
	s := o.pair.server(name)
	if err := o.pair.takes(ctx, toolTime); err != nil {
		return nil, err
	}
	if !s.up() {
		return nil, fmt.Errorf("running %s on %s: it is down", tool, name)
	}
	return s, nil
}

// CheckMailbox implements [target.Checker]. chk_cyrus takes a record away whose checksum
// does not hold, as reconstruct -n does, and says nothing of files.
func (o operator) CheckMailbox(ctx context.Context, name target.ServerName, account, mailbox string) (string, error) {
	s, err := o.at(ctx, name, "chk_cyrus")
	if err != nil {
		return "", err
	}
	e := s.disk.list.owned(account, mailbox)
	said := fmt.Sprintf("Examining mailbox: %s\n", mailboxname.Internal(account, mailbox))
	if e == nil {
		return said, nil
	}
	return said + fmt.Sprintf("checking: %s\n", e.name) + s.lookOver(e, func(record) bool { return false }), nil
}

// CheckList implements [target.Checker].
func (o operator) CheckList(ctx context.Context, name target.ServerName) (string, error) {
	s, err := o.at(ctx, name, "ctl_mboxlist")
	if err != nil {
		return "", err
	}
	var said strings.Builder
	for _, e := range s.disk.list.entries {
		if !s.pair.version.missesFolders && (e.kind == entryTombstone || s.disk.folder(e) != nil) {
			continue
		}
		fmt.Fprintf(&said, "'%s' has a DB entry but no directory on partition '%s'\n", e.name, defaultPartition)
	}
	return said.String(), nil
}

// RebuildEntry implements [target.EntryRebuilder].
func (o operator) RebuildEntry(ctx context.Context, name target.ServerName, account, mailbox string) (string, error) {
	s, err := o.at(ctx, name, "reconstruct -P")
	if err != nil {
		return "", err
	}
	internal := mailboxname.Internal(account, mailbox)
	lost := s.disk.list.lost[internal]
	if lost == nil {
		return "", fmt.Errorf("bringing the entry of %s of %s on %s back: no cyrus.header is of it", mailbox, account, name)
	}
	s.disk.list.put(lost)
	return fmt.Sprintf("created mbentry for %s (%s)\n", internal, lost.uniqueID), nil
}

// RebuildConversations implements [target.ConversationsRebuilder].
func (o operator) RebuildConversations(ctx context.Context, name target.ServerName, account string) error {
	s, err := o.at(ctx, name, "ctl_conversationsdb")
	if err != nil {
		return err
	}
	a := s.disk.account(account)
	a.conversationsLost, a.strayed = false, nil
	return nil
}
