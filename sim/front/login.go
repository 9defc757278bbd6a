package front

import "strings"

// login returns the account that PLAIN's three values (RFC 4616) let in: the
// administrator as anybody, everybody else as themselves, with any password.
func (o Options) login(identity, username, password string) (account string, ok bool) {
	switch {
	case username == o.Admin && o.Admin != "":
		account, ok = identity, password == o.Password && identity != o.Admin
	case identity == "" || identity == username:
		account, ok = username, true
	}
	return account, ok && IsAccount(account)
}

// isAdmin says whether PLAIN's three values let the administrator in as nobody else.
func (o Options) isAdmin(identity, username, password string) bool {
	return o.Admin != "" && username == o.Admin && password == o.Password && (identity == "" || identity == username)
}

// IsAccount says whether an account can have that name.
func IsAccount(name string) bool { return name != "" && !strings.ContainsFunc(name, barred) }

// barred says whether the character can be in no account's name.
func barred(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`/*%"\`, r) }

// readPlain reads a response of PLAIN.
func readPlain(response []byte) (identity, username, password string, ok bool) {
	parts := strings.Split(string(response), "\x00")
	if len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}
