package conform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// normaliser takes out of states what is free to differ between two runs of one
// plan, and keeps what is not: which things are equal, and which come first.
// docs/conformance.md says why each may be taken out.
type normaliser struct {
	accounts map[string]*accountLabels
}

func newNormaliser() *normaliser { return &normaliser{accounts: map[string]*accountLabels{}} }

// accountLabels are what an account's values are called, on both servers.
type accountLabels struct{ uniqueIDs, validities, guids labels }

func (n *normaliser) account(name string) *accountLabels {
	if n.accounts[name] == nil {
		n.accounts[name] = &accountLabels{
			uniqueIDs:  labels{prefix: "mailbox", given: map[string]string{}},
			validities: labels{prefix: "UIDVALIDITY", given: map[string]string{}},
			guids:      labels{prefix: "message", given: map[string]string{}},
		}
	}
	return n.accounts[name]
}

// labels gives each new value the next number.
type labels struct {
	prefix string
	given  map[string]string
}

func (l labels) of(value string) string {
	if _, ok := l.given[value]; !ok {
		l.given[value] = fmt.Sprintf("%s %d", l.prefix, len(l.given)+1)
	}
	return l.given[value]
}

var (
	deletedName = regexp.MustCompile(`(DELETED\.\S+)\.[0-9A-F]{8}`)
	seenLine    = regexp.MustCompile(`^(SEEN \S+) \S+$`)
)

// logLine takes the time out of the name of a deleted mailbox, and the unique ID
// out of a line about what was seen of one.
func (n *normaliser) logLine(line string) string {
	return seenLine.ReplaceAllString(deletedName.ReplaceAllString(line, "$1.time"), "$1 of a mailbox")
}

// date keeps dates that the plan gave, and calls all others now.
func (n *normaliser) date(t time.Time) string {
	if t.Year() == dateOf(0).Year() {
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	return "now"
}

// state renders an account's snapshots on both servers, one line for each fact.
// Modseqs are replaced by their rank among all that the account has on both.
func (n *normaliser) state(snaps ...target.Snapshot) []string {
	ranks := modSeqRanks(snaps)
	var facts []string
	for _, snap := range snaps {
		where := fmt.Sprintf("%s on %s", snap.Account, snap.Server)
		for _, m := range snap.Mailboxes {
			facts = append(facts, n.mailbox(n.account(snap.Account), where, m, ranks, snap.Level)...)
		}
		facts = append(facts, n.meta(where, snap.Meta)...)
	}
	return facts
}

func modSeqRanks(snaps []target.Snapshot) map[uint64]int {
	var all []uint64
	for _, snap := range snaps {
		for _, m := range snap.Mailboxes {
			all = append(all, m.HighestModSeq)
			for _, r := range m.Records {
				all = append(all, r.ModSeq)
			}
		}
	}
	slices.Sort(all)
	ranks := map[uint64]int{}
	for i, value := range slices.Compact(all) {
		ranks[value] = i + 1
	}
	return ranks
}

func (n *normaliser) mailbox(labels *accountLabels, where string, m target.Mailbox, ranks map[uint64]int, level target.Level) []string {
	at := fmt.Sprintf("%s of %s", m.Name, where)
	facts := []string{fmt.Sprintf("%s: %s, %s, LAST_UID %d, HIGHESTMODSEQ #%d, ACL %q, quota root %q, %s", at,
		labels.uniqueIDs.of(m.UniqueID), labels.validities.of(fmt.Sprint(m.Name, " ", m.UIDValidity)), m.LastUID, ranks[m.HighestModSeq], m.ACL, m.QuotaRoot,
		target.FormatAnnotations(m.Annotations))}
	for _, r := range m.Records {
		fact := fmt.Sprintf("%s UID %d: %s, modseq #%d, %s, flags %s", at, r.UID, labels.guids.of(r.GUID), ranks[r.ModSeq], n.date(r.InternalDate), strings.Join(r.Flags, " "))
		if r.Expunged {
			fact += ", expunged"
		} else if level == target.LevelBody {
			fact += ", body " + bodyState(r)
		}
		facts = append(facts, fact)
	}
	return facts
}

// bodyState says how what a client gets compares to what is recorded.
func bodyState(r target.Record) string {
	switch r.BodySHA1 {
	case r.GUID:
		return "as recorded"
	case target.NoBody:
		return "missing"
	default:
		return "another"
	}
}

func (n *normaliser) meta(where string, m target.Meta) []string {
	facts := []string{fmt.Sprintf("%s: subscribed to %q, quota %d KiB, %d deleted mailboxes", where, m.Subscriptions, m.QuotaKiB, len(m.Deleted))}
	for _, s := range m.Scripts {
		facts = append(facts, fmt.Sprintf("script %s of %s: %.12s, active %v", s.Name, where, s.GUID, s.Active))
	}
	return facts
}
