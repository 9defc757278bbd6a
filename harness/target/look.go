package target

import (
	"context"
	"fmt"
	"slices"
)

// NoInboxError says that an account has no INBOX on a server, so that nobody was
// logged in.
type NoInboxError struct {
	Account string
	Server  ServerName
}

// Error implements error.
func (e *NoInboxError) Error() string {
	return fmt.Sprintf("%s has no INBOX on %s, and a login would make an empty one", e.Account, e.Server)
}

// LoginToLook opens a session for whoever looks at an account's mail without being its
// user. Where the account has no INBOX it opens none, and returns a [NoInboxError]:
// Cyrus makes a new INBOX at a login (autocreate_quota in imapd.conf(5)), and a look
// changes nothing.
func LoginToLook(ctx context.Context, server Server, account string) (Session, error) {
	listed, err := server.User().Listed(ctx, account)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(listed, "INBOX") {
		return nil, &NoInboxError{account, server.Name()}
	}
	return server.User().Login(ctx, account)
}
