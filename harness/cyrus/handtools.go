package cyrus

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var (
	_ target.Resetter   = operator{}
	_ target.Unexpunger = operator{}
)

// quietConf is a configuration under which tools log nothing for replication.
const quietConf = "/etc/imapd-quiet.conf"

// ResetUser implements [target.Resetter].
func (o operator) ResetUser(ctx context.Context, name target.ServerName, account string, apart bool) error {
	s := o.pair.server(name)
	arguments := []string{"-f", account}
	if apart {
		const copying = `sed 's/^sync_log:.*/sync_log: no/' /etc/imapd.conf >"$1"`
		if _, err := s.pair.engine.exec(ctx, s.id, "", "sh", "-euc", copying, "copying", quietConf); err != nil {
			return fmt.Errorf("writing a configuration of %s that logs nothing: %w", name, err)
		}
		arguments = append([]string{"-C", quietConf}, arguments...)
	}
	// The cyrus wrapper does not know it.
	_, err := s.pair.engine.exec(ctx, s.id, "cyrus", s.toolCommand("/usr/lib/cyrus/bin/sync_reset", arguments...)...)
	if err != nil {
		return fmt.Errorf("resetting %s on %s: %w", account, name, err)
	}
	return nil
}

// Unexpunge implements [target.Unexpunger].
func (o operator) Unexpunge(ctx context.Context, name target.ServerName, account, mailbox string, uids []uint32) (string, error) {
	arguments := []string{"-u", "-v", mailboxname.Tool(account, mailbox)}
	for _, uid := range uids {
		arguments = append(arguments, strconv.Itoa(int(uid)))
	}
	return o.pair.server(name).tool(ctx, "unexpunge", arguments...)
}

// ListExpunged implements [target.Unexpunger].
func (o operator) ListExpunged(ctx context.Context, name target.ServerName, account, mailbox string) ([]uint32, error) {
	said, err := o.pair.server(name).tool(ctx, "unexpunge", "-l", mailboxname.Tool(account, mailbox))
	if err != nil {
		return nil, err
	}
	var uids []uint32
	for _, told := range listedUID.FindAllStringSubmatch(said, -1) {
		uid, err := strconv.ParseUint(told[1], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("reading what unexpunge -l said of %s of %s on %s: %w", mailbox, account, name, err)
		}
		uids = append(uids, uint32(uid))
	}
	return uids, nil
}

// listedUID is the line with which unexpunge -l begins what it tells of a message.
var listedUID = regexp.MustCompile(`(?m)^UID: (\d+)$`)
