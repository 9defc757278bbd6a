package mailboxname

import "strings"

// InternalDeleted begins the internal names of deleted mailboxes, which are kept
// apart, below a tree of their own; ExternalDeleted the administrator's.
const (
	InternalDeleted = "DELETED."
	ExternalDeleted = "DELETED/"
)

// Internal returns the internal name of what the account's owner calls so.
func Internal(account, owner string) string {
	if rest, ok := belowInbox(owner); ok {
		return exchange("user.", EncodeUTF7(account), EncodeUTF7(rest), '/', '.', '^')
	}
	return FromExternal(owner)
}

// Tool returns what Cyrus's own tools call a mailbox of the account: the
// administrator's name in modified UTF-7.
func Tool(account, owner string) string {
	if rest, ok := belowInbox(owner); ok {
		owner = "user/" + account + rest
	}
	return EncodeUTF7(owner)
}

// belowInbox returns what follows the INBOX in the name of a mailbox that is it, or
// lies below it.
func belowInbox(owner string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(owner, "INBOX")
	return rest, ok && (rest == "" || rest[0] == '/')
}

// FromExternal returns the internal name of what an administrator calls so.
func FromExternal(name string) string { return exchange("", EncodeUTF7(name), "", '/', '.', '^') }

// Owner returns what the account's owner calls the mailbox.
func Owner(account, internal string) (string, error) {
	rest, ok := strings.CutPrefix(internal, "user.")
	if ok && isPlain(account) {
		// The usual case, without a name in between.
		if rest, ok = strings.CutPrefix(rest, account); ok && (rest == "" || rest[0] == '.') {
			return DecodeUTF7(exchange("INBOX", rest, "", '^', '.', '/'))
		}
	}
	name, err := DecodeUTF7(exchange("", internal, "", '^', '.', '/'))
	if err != nil {
		return "", err
	}
	rest, ok = strings.CutPrefix(name, "user/"+account)
	if ok && (rest == "" || rest[0] == '/') {
		return "INBOX" + rest, nil
	}
	return name, nil
}

// isPlain says whether an account is called the same in all sorts of names.
func isPlain(account string) bool {
	return strings.IndexFunc(account, func(r rune) bool { return strings.ContainsRune("&^./", r) || !isUTF7Plain(r) }) < 0
}

// exchange writes down the name behind what stands before it, and puts the second
// byte in the place of each first one in the name, and the third in that of each
// second one.
func exchange(before, name, more string, first, second, third byte) string {
	if before == "" && more == "" && strings.IndexByte(name, first) < 0 && strings.IndexByte(name, second) < 0 {
		return name
	}
	var out strings.Builder
	out.Grow(len(before) + len(name) + len(more))
	out.WriteString(before)
	for _, part := range [...]string{name, more} {
		for i := range len(part) {
			switch c := part[i]; c {
			case first:
				out.WriteByte(second)
			case second:
				out.WriteByte(third)
			default:
				out.WriteByte(c)
			}
		}
	}
	return out.String()
}
