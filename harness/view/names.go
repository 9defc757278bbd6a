package view

import (
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// Deleted mailboxes are kept apart, below a tree of their own.
const (
	deletedTree         = "DELETED/"
	internalDeletedTree = "DELETED."
)

// A mailbox has three names: the one its owner sees ("INBOX/a.b", UTF-8), the
// one an administrator sees ("user/alice/a.b"), and the internal one of
// Cyrus's own files and sync protocol ("user.alice.a^b"), which has dots for
// slashes, carets for dots, and modified UTF-7.

var (
	toInternal = strings.NewReplacer("/", ".", ".", "^")
	toExternal = strings.NewReplacer(".", "/", "^", ".")
)

// internalName returns the internal name of what the account's owner calls so.
func internalName(account, owner string) string {
	if rest, ok := strings.CutPrefix(owner, "INBOX"); ok && (rest == "" || rest[0] == '/') {
		owner = "user/" + account + rest
	}
	return toInternal.Replace(wire.EncodeMailboxName(owner))
}

// ToolName returns what Cyrus's own tools call a mailbox of the account: the
// administrator's name in modified UTF-7.
func ToolName(account, owner string) string {
	if rest, ok := strings.CutPrefix(owner, "INBOX"); ok && (rest == "" || rest[0] == '/') {
		owner = "user/" + account + rest
	}
	return wire.EncodeMailboxName(owner)
}

// ownerName returns what the account's owner calls the mailbox.
func ownerName(account, internal string) (string, error) {
	name, err := wire.DecodeMailboxName(toExternal.Replace(internal))
	if err != nil {
		return "", err
	}
	rest, ok := strings.CutPrefix(name, "user/"+account)
	if ok && (rest == "" || rest[0] == '/') {
		return "INBOX" + rest, nil
	}
	return name, nil
}
