package mailboxname

import "strings"

var (
	toInternal = strings.NewReplacer("/", ".", ".", "^")
	toExternal = strings.NewReplacer(".", "/", "^", ".")
)

// InternalDeleted begins the internal names of deleted mailboxes, which are kept
// apart, below a tree of their own; ExternalDeleted the administrator's.
const (
	InternalDeleted = "DELETED."
	ExternalDeleted = "DELETED/"
)

// Internal returns the internal name of what the account's owner calls so.
func Internal(account, owner string) string {
	return FromExternal(external(account, owner))
}

// Tool returns what Cyrus's own tools call a mailbox of the account: the
// administrator's name in modified UTF-7.
func Tool(account, owner string) string { return EncodeUTF7(external(account, owner)) }

// external returns the administrator's name of what the account's owner calls so.
func external(account, owner string) string {
	if rest, ok := strings.CutPrefix(owner, "INBOX"); ok && (rest == "" || rest[0] == '/') {
		return "user/" + account + rest
	}
	return owner
}

// FromExternal returns the internal name of what an administrator calls so.
func FromExternal(name string) string { return toInternal.Replace(EncodeUTF7(name)) }

// Owner returns what the account's owner calls the mailbox.
func Owner(account, internal string) (string, error) {
	name, err := DecodeUTF7(toExternal.Replace(internal))
	if err != nil {
		return "", err
	}
	rest, ok := strings.CutPrefix(name, "user/"+account)
	if ok && (rest == "" || rest[0] == '/') {
		return "INBOX" + rest, nil
	}
	return name, nil
}
