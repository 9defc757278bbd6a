package mailboxname

import "strings"

// toInternal turns an administrator's name into an internal one.
func toInternal(name string) string { return exchange(name, '/', '.', '^') }

// toExternal turns an internal name into an administrator's.
func toExternal(name string) string { return exchange(name, '^', '.', '/') }

// exchange puts the second byte in the place of each first one, and the third in
// that of each second one.
func exchange(name string, first, second, third byte) string {
	if strings.IndexByte(name, first) < 0 && strings.IndexByte(name, second) < 0 {
		return name
	}
	exchanged := []byte(name)
	for i, c := range exchanged {
		switch c {
		case first:
			exchanged[i] = second
		case second:
			exchanged[i] = third
		}
	}
	return string(exchanged)
}

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
func FromExternal(name string) string { return toInternal(EncodeUTF7(name)) }

// Owner returns what the account's owner calls the mailbox.
func Owner(account, internal string) (string, error) {
	if internal == "user."+account && !strings.ContainsAny(account, "&^./") {
		return "INBOX", nil
	}
	name, err := DecodeUTF7(toExternal(internal))
	if err != nil {
		return "", err
	}
	rest, ok := strings.CutPrefix(name, "user/"+account)
	if ok && (rest == "" || rest[0] == '/') {
		return "INBOX" + rest, nil
	}
	return name, nil
}
