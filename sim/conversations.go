package sim

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/rfc5322"
)

// A conversation is the messages of one account, in whatever mailboxes, that answer
// each other or are the same. Cyrus keeps for each mailbox a count of modseqs that
// covers its conversations, so whatever happens to one message is noted for
// replication for every mailbox that has one of its conversation, though nothing
// else of theirs changes.

// conversationID says to which conversation a message belongs: by the first message
// that it refers to or by its own Message-ID, and by its subject.
func conversationID(message []byte, guid string) uint64 {
	fields := rfc5322.Fields(message, "References", "In-Reply-To", "Message-ID", "Subject")
	root, subject := guid, fields[3]
	for _, value := range fields[:3] {
		if ids := strings.Fields(value); len(ids) > 0 {
			root = ids[0]
			break
		}
	}
	sum := fnvBasis.with(root).with("\x00").with(bareSubject(subject))
	return uint64(sum) | 1 // zero is none
}

// fnv is a sum of texts (FNV-1a, 64 bits).
type fnv uint64

const (
	fnvBasis fnv = 14695981039346656037
	fnvPrime fnv = 1099511628211
)

func (f fnv) with(text string) fnv {
	for i := range len(text) {
		f = (f ^ fnv(text[i])) * fnvPrime
	}
	return f
}

const blanks = " \t\r\n\f"

// bareSubject returns a subject without blanks, and without what marks a reply or a
// forwarded message.
func bareSubject(subject string) string {
	for {
		mark, rest, _ := strings.Cut(subject, ":")
		switch strings.ToLower(strings.Trim(mark, blanks)) {
		case "re", "fw", "fwd":
			if len(mark) < len(subject) {
				subject = rest
				continue
			}
		}
		break
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '\f':
			return -1
		}
		return r
	}, subject)
}

// touch notes that something has become of a record.
func (v *visit) touch(r record) {
	if v.server.role == target.RoleMaster && r.conversation != 0 {
		v.touched = append(v.touched, r.conversation)
	}
}

// otherMailboxes are the account's other mailboxes that have messages of the
// conversations that were touched: they are noted for replication as well.
func (v *visit) otherMailboxes() []string {
	if len(v.touched) == 0 || isDeletedName(v.entry.name) {
		return nil
	}
	var others []string
	for _, e := range v.server.disk.list.ofAccount(v.entry.owner()) {
		f := v.server.disk.folder(e)
		if e == v.entry || f == nil || isDeletedName(e.name) {
			continue
		}
		for _, conversation := range v.touched {
			if f.index.sums.conversations[conversation] > 0 {
				others = append(others, e.name)
				break
			}
		}
	}
	v.touched = nil
	return others
}

// stray notes messages that conversations.db will not know: but for those that it knows
// from an earlier life of their mailbox, if that left it: those that were not unknown then.
func (a *accountState) stray(records []record, earlier *folder, unknown map[string]bool) {
	if a.wasReset || a.strayed == nil {
		a.strayed = map[string]bool{}
	}
	a.wasReset, a.entryLost = false, false
	for i := range records {
		guid := records[i].guid
		if earlier == nil || unknown[guid] || !slices.ContainsFunc(earlier.index.records, func(r record) bool { return r.guid == guid }) {
			a.strayed[guid] = true
		}
	}
}
