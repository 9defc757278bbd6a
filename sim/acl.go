package sim

import (
	"slices"
	"strings"
)

// acl is a mailbox's rights by identifier.
type acl []grant

// grant is what one identifier may do, by letters of RFC 4314.
type grant struct{ identifier, rights string }

// rightLetters is the order in which Cyrus writes rights.
const rightLetters = "lrswipkxtecdan"

// implicitRights are what an owner has of a mailbox whatever its ACL says.
const implicitRights = "lkxan"

// canonicalRights returns the rights as Cyrus keeps them: in its own order, with
// the legacy c and d turned into what they stand for, and added again where any
// of that is there.
func canonicalRights(rights string) string {
	has := func(letters string) bool { return strings.ContainsAny(rights, letters) }
	if has("c") {
		rights += "kx"
	}
	if has("d") {
		rights += "te"
	}
	if has("kx") {
		rights += "c"
	}
	if has("te") {
		rights += "d"
	}
	var out strings.Builder
	for _, letter := range rightLetters {
		if strings.ContainsRune(rights, letter) {
			out.WriteRune(letter)
		}
	}
	return out.String()
}

// with returns the ACL in which the identifier has these rights and no others.
func (a acl) with(identifier, rights string) acl {
	changed := slices.DeleteFunc(slices.Clone(a), func(g grant) bool { return g.identifier == identifier })
	if rights = canonicalRights(rights); rights != "" {
		changed = append(changed, grant{identifier, rights})
	}
	slices.SortFunc(changed, compareGrants)
	return changed
}

// rights returns what the account may do with a mailbox of that owner.
func (a acl) rights(account, owner string) string {
	rights := ""
	if account == owner {
		rights = implicitRights
	}
	for _, g := range a {
		if g.identifier == account || g.identifier == "anyone" {
			rights += g.rights
		}
	}
	return rights
}

// allows says whether the account has one right to a mailbox of that owner.
func (a acl) allows(account, owner string, right rune) bool {
	if account == owner && strings.ContainsRune(implicitRights, right) {
		return true
	}
	return slices.ContainsFunc(a, func(g grant) bool {
		return (g.identifier == account || g.identifier == "anyone") && strings.ContainsRune(g.rights, right)
	})
}

// compareGrants orders grants by their identifiers.
func compareGrants(x, y grant) int { return strings.Compare(x.identifier, y.identifier) }

// String renders the ACL as snapshots have it: "alice lrs, bob l". What a real master
// sent may be in another order, which is Cyrus's own.
func (a acl) String() string {
	if !slices.IsSortedFunc(a, compareGrants) {
		a = slices.SortedFunc(slices.Values(a), compareGrants)
	}
	length := 0
	for _, g := range a {
		length += len(g.identifier) + len(g.rights) + len(", ") + 1
	}
	var text strings.Builder
	text.Grow(length)
	for i, g := range a {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(g.identifier)
		text.WriteByte(' ')
		text.WriteString(g.rights)
	}
	return text.String()
}
