package cyrus

import (
	"context"
	"errors"
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

// program runs one of Cyrus's programs that its wrapper does not know, and returns what it
// said to whom.
func (s *server) program(ctx context.Context, name string, arguments ...string) (string, error) {
	command := append([]string{"sh", "-c", `"$@" 2>&1`, name}, s.toolCommand("/usr/lib/cyrus/bin/"+name, arguments...)...)
	said, err := s.pair.engine.execWithin(ctx, toolWithin, s.id, "cyrus", command...)
	if err != nil {
		return string(said), fmt.Errorf("running %s on %s: %w", name, s.name, err)
	}
	return string(said), nil
}

// CheckMailbox implements [target.Checker]. Unlike other tools chk_cyrus takes internal
// names.
func (o operator) CheckMailbox(ctx context.Context, name target.ServerName, account, mailbox string) (string, error) {
	return o.pair.server(name).program(ctx, "chk_cyrus", "-M", mailboxname.Internal(account, mailbox))
}

// CheckList implements [target.Checker].
func (o operator) CheckList(ctx context.Context, name target.ServerName) (string, error) {
	return o.pair.server(name).program(ctx, "ctl_mboxlist", "-v")
}

// RebuildEntry implements [target.EntryRebuilder]. mbpath knows only of mailboxes that
// have an entry, so the directory is looked for by the name in cyrus.header.
func (o operator) RebuildEntry(ctx context.Context, name target.ServerName, account, mailbox string) (string, error) {
	s := o.pair.server(name)
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("bringing the entry of %s of %s on %s back: %w", mailbox, account, name, err)
	}
	const looking = `grep -rlF --include=cyrus.header -- "N $1 I " /var/spool/cyrus/mail | head -n 1`
	found, err := s.pair.engine.exec(ctx, s.id, "cyrus", "sh", "-euc", looking, "looking", mailboxname.Internal(account, mailbox))
	if err != nil {
		return fail(err)
	}
	header := strings.TrimSpace(string(found))
	if header == "" {
		return fail(errors.New("no cyrus.header is of it"))
	}
	said, err := s.tool(ctx, "reconstruct", "-P", strings.TrimSuffix(header, "cyrus.header"))
	if err != nil {
		return fail(err)
	}
	return said, nil
}

// RebuildConversations implements [target.ConversationsRebuilder].
func (o operator) RebuildConversations(ctx context.Context, name target.ServerName, account string) error {
	if _, err := o.pair.server(name).tool(ctx, "ctl_conversationsdb", "-R", account); err != nil {
		return fmt.Errorf("counting the conversations of %s on %s anew: %w", account, name, err)
	}
	return nil
}
