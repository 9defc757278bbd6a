package detect

import (
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// unreadAccount makes a finding of a server's no to a look at one account. The others can
// be compared all the same: a detector that gives up over one mailbox sees nothing of the
// rest.
func unreadAccount(on target.ServerName, account string, err error) (Finding, bool) {
	var refused *target.RefusedError
	var noInbox *target.NoInboxError
	if !errors.As(err, &refused) && !errors.As(err, &noInbox) {
		return Finding{}, false
	}
	return Finding{
		Kind: target.MailboxUnreadable, Place: target.Place{Server: on, Account: account},
		Evidence: fmt.Sprintf("it cannot be compared: %s", err),
	}, true
}
