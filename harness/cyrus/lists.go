package cyrus

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var (
	_ target.ListSaboteur  = saboteur{}
	_ target.StateSaboteur = saboteur{}
)

const mailboxList = "/var/lib/cyrus/mailboxes.db"

// RemoveEntry implements [target.ListSaboteur]. A mailbox's entry is found by N and
// its name; the one by I and its unique ID stays.
func (b saboteur) RemoveEntry(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	key := mailboxname.Internal(account, mailbox)
	if !b.pair.differences().foldersByName {
		key = "N" + strings.ReplaceAll(key, ".", "\x1f")
	}
	return b.pair.server(name).measured(ctx, fmt.Sprintf("the entry of %s of %s was taken out of the list", mailbox, account), "entry",
		`su -s /bin/sh cyrus -c 'cyrus cyr_dbtool -n "$0" twoskip get "$1"' "$two" "$one" | grep -c . || true`,
		`su -s /bin/sh cyrus -c 'cyrus cyr_dbtool -n "$0" twoskip delete "$1"' "$two" "$one"`, key, mailboxList)
}

// SpoilList implements [target.ListSaboteur].
func (b saboteur) SpoilList(ctx context.Context, name target.ServerName, harm target.Harm) (target.Evidence, error) {
	return b.pair.server(name).harm(ctx, "mailboxes.db", mailboxList, harm)
}

// state returns the path of one of an account's own databases.
func (s *server) state(ctx context.Context, account, which string) (string, error) {
	if s.pair.differences().foldersByName {
		return fmt.Sprintf("/var/lib/cyrus/user/%s/%s.%s", account[:1], account, strings.TrimSuffix(which, ".db")), nil
	}
	said, err := s.tool(ctx, "mbpath", "-U", "user/"+account)
	if err != nil {
		return "", fmt.Errorf("looking for %s of %s on %s: %w", which, account, s.name, err)
	}
	return strings.TrimSpace(said) + "/" + which, nil
}

// SpoilConversations implements [target.StateSaboteur].
func (b saboteur) SpoilConversations(ctx context.Context, name target.ServerName, account string, harm target.Harm) (target.Evidence, error) {
	return b.spoilState(ctx, name, account, "conversations.db", harm)
}

// SpoilSeen implements [target.StateSaboteur].
func (b saboteur) SpoilSeen(ctx context.Context, name target.ServerName, account string, harm target.Harm) (target.Evidence, error) {
	return b.spoilState(ctx, name, account, "seen.db", harm)
}

func (b saboteur) spoilState(ctx context.Context, name target.ServerName, account, which string, harm target.Harm) (target.Evidence, error) {
	s := b.pair.server(name)
	path, err := s.state(ctx, account, which)
	if err != nil {
		return target.Evidence{}, err
	}
	return s.harm(ctx, which+" of "+account, path, harm)
}
