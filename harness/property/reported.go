package property

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Reported is what the operator was told of the restore's own accord. What was
// reported breaks no promise where a property says so.
type Reported struct {
	// Doubtful are messages of which a restore could not tell whether they had
	// been deleted.
	Doubtful []Doubtful
	// Expunged are messages that a restore took away since it believed that their users
	// had.
	Expunged []Doubtful
	// DoubtfulFlags are flags of which a restore could not tell whether their user
	// wants them.
	DoubtfulFlags []DoubtfulFlag
	// Caches are the mailboxes whose UIDs may mean other messages than clients
	// have cached.
	Caches []MailboxID
	// Lost is what detectors said of mail that cannot be had.
	Lost []Lost
}

// Lost says that mail cannot be had: a message, all of a mailbox, an account, or a
// server, as far as the place tells.
type Lost struct {
	target.Place
	Doubtful bool // which side is right could not be told
	// Last: nothing has happened since that could have brought it back.
	Last bool
}

// Doubtful is a message that was called so.
type Doubtful struct {
	Account string
	Mailbox string // on the serving server
	Marker  string // empty: not known
	// GUID is the SHA-1 of the message, UID what the frozen side that has it
	// calls it (0: not known), UniqueID that of its mailbox (empty: the one of
	// that name).
	GUID     string
	UID      uint32
	UniqueID string
}

// doubtful returns the report of a message.
func (s Scene) doubtful(m located) (Doubtful, bool) {
	i := slices.IndexFunc(s.Reported.Doubtful, func(d Doubtful) bool {
		return d.Account == m.at.Account && d.Mailbox == m.at.Mailbox &&
			(d.Marker != "" && d.Marker == m.message.Marker || d.GUID != "" && d.GUID == m.message.BodySHA1)
	})
	if i < 0 {
		return Doubtful{}, false
	}
	return s.Reported.Doubtful[i], true
}

// decide asks the oracle about a report.
func (s Scene) decide(d Doubtful) Decision {
	return s.Frozen.Decide(Case{Account: d.Account, Mailbox: d.Mailbox, UniqueID: d.UniqueID, GUID: d.GUID, UID: d.UID})
}

// excuse records what is wrong with a message: as reported where the operator
// was told that it is doubtful and the oracle agrees, else as a violation. It
// notes in blamed which report was a violation.
func (s Scene) excuse(result *Result, m located, marker, text string, blamed map[Doubtful]bool) {
	at := s.Mail.place(m.at, m.message.UID)
	report, reported := s.doubtful(m)
	if !reported {
		result.violateAt(at, marker, "%s", text)
		return
	}
	if s.Frozen == nil {
		result.unknown("message %s, %s: %s; it was reported as doubtful, and without a freeze nobody can tell whether it was", marker, at, text)
		return
	}
	decision := s.decide(report)
	if decision.Decidable {
		blamed[report] = true
		result.violateAt(at, marker, "%s; it was reported as doubtful, but the freeze decides it: %s", text, decision.Why)
		return
	}
	result.Reported = append(result.Reported, Violation{Place: at, Marker: marker, Text: text + "; reported as doubtful, as it is: " + decision.Why}.String())
}

// checkReport holds a report against the oracle: to call doubtful what the
// evidence decides leaves the operator with work that was the restore's.
func (s Scene) checkReport(result *Result, d Doubtful, blamed map[Doubtful]bool) {
	if s.Frozen == nil || blamed[d] {
		return
	}
	result.Checked++
	if decision := s.decide(d); decision.Decidable {
		at := s.Mail.place(MailboxID{d.Account, d.Mailbox}, 0)
		at.GUID = d.GUID
		result.violateAt(at, d.Marker, "it was reported as doubtful, but the freeze decides it: %s", decision.Why)
	}
}

// checkExpunge holds against the oracle what a restore has expunged: of what the evidence
// leaves open it must not decide that it was deleted.
func (s Scene) checkExpunge(result *Result, d Doubtful) {
	if s.Frozen == nil {
		return
	}
	result.Checked++
	if decision := s.decide(d); !decision.Decidable {
		at := s.Mail.place(MailboxID{d.Account, d.Mailbox}, d.UID)
		at.GUID = d.GUID
		result.violateAt(at, d.Marker, "a restore expunged it, and nobody can tell that its user had: %s", decision.Why)
	}
}
