package traffic

import (
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Message is what the ledger promises about one message in one mailbox. A
// message that was copied is in two mailboxes, and so is two of these.
type Message struct {
	Marker  string
	Account string
	Mailbox string // as it is called by now
	// OrIn is another mailbox that it may be in instead, because a move or a
	// rename is in doubt; empty: none.
	OrIn string
	// Stored is the outcome of what put it there.
	Stored target.Outcome
	// Expunged is the outcome of what took it away, empty when nothing did.
	// Where that was asked for more than once, the strongest outcome counts:
	// acknowledged before in doubt before refused.
	Expunged target.Outcome
	// Flags are its flags and keywords, each with what is known of it.
	Flags map[string]Value[bool]
	// InternalDate is zero where the server chose it.
	InternalDate time.Time
	// Bytes and SentSHA1 are of the message as sent. A delivery adds header
	// fields above it, so what is read ends with these bytes.
	Bytes    int
	SentSHA1 string
	// BodySHA1 is of the whole message as the server first gave it back;
	// empty where it died before it was asked.
	BodySHA1 string
	// Tries is how many deliveries of it were sent.
	Tries int
	// DoubtfulTry: a delivery of it was tried again although an earlier one may
	// have been done, for its answer never came. Then it may be there twice.
	DoubtfulTry bool
	// Filed is the mailbox into which the account's rules, as its user was
	// promised them, were to file it; empty where it was not delivered.
	Filed string
	// SeenIn is the mailbox in which its user first saw it, by the name of that
	// time; empty where nobody has. Of a copy, both are empty.
	SeenIn string
}

// Promised says whether the message must be there: acknowledged, and nothing
// that may have taken it away.
func (m Message) Promised() bool { return m.Stored == target.Acknowledged && !m.MayBeGone() }

// MayBeGone says whether something may have taken it away.
func (m Message) MayBeGone() bool {
	return m.Expunged == target.Acknowledged || m.Expunged == target.InDoubt
}

// Value is what a single value may be by now: one thing that was acknowledged,
// and whatever has been asked for since and is in doubt.
type Value[T comparable] struct{ may []T }

// Exactly returns a value that is known.
func Exactly[T comparable](v T) Value[T] { return Value[T]{may: []T{v}} }

// Allows says whether the value may be v.
func (v Value[T]) Allows(x T) bool { return slices.Contains(v.may, x) }

// Last returns what was asked for last.
func (v Value[T]) Last() T { return v.may[len(v.may)-1] }

// Known says whether nothing about the value is in doubt.
func (v Value[T]) Known() bool { return len(v.may) == 1 }

// All returns what it may be, the acknowledged value first.
func (v Value[T]) All() []T { return slices.Clone(v.may) }

func (v Value[T]) set(x T, outcome target.Outcome) Value[T] {
	switch outcome {
	case target.Acknowledged:
		return Exactly(x)
	case target.Refused:
		return v
	default:
		return Value[T]{may: append(slices.Clone(v.may), x)}
	}
}

// Mailbox is what the ledger promises about one mailbox itself.
type Mailbox struct {
	Account string
	Name    string
	OrName  string // another name that it may have; empty: none
	Made    target.Outcome
	Deleted target.Outcome           // empty: nobody asked for it
	ACL     map[string]Value[string] // rights, by identifier
	// Annotations are by entry; those that somebody has set.
	Annotations map[string]Value[string]
}

// Promised says whether the mailbox must be there.
func (m Mailbox) Promised() bool {
	return m.Made == target.Acknowledged && m.Deleted != target.Acknowledged && m.Deleted != target.InDoubt
}

// Account is what the ledger promises about an account, messages apart.
type Account struct {
	Name          string
	Mailboxes     []Mailbox // in the order in which they were made
	Subscriptions map[string]Value[bool]
	QuotaKiB      Value[int64] // [target.NoQuota]: no limit
	// Scripts are sources by name; empty: no such script.
	Scripts map[string]Value[string]
	Active  Value[string] // name of the active script; empty: none
}

// ActiveSource returns the source of the active script, and whether it is
// known; empty where no script is active.
func (a Account) ActiveSource() (source string, known bool) {
	if !a.Active.Known() {
		return "", false
	}
	if a.Active.Last() == "" {
		return "", true
	}
	script, ok := a.Scripts[a.Active.Last()]
	if !ok || !script.Known() {
		return "", false
	}
	return script.Last(), true
}

// below says whether the mailbox is the other one, or lies below it.
func below(name, other string) bool { return name == other || strings.HasPrefix(name, other+"/") }

// stronger returns the outcome that says more.
func stronger(a, b target.Outcome) target.Outcome {
	rank := []target.Outcome{"", target.Refused, target.InDoubt, target.Acknowledged}
	if slices.Index(rank, b) > slices.Index(rank, a) {
		return b
	}
	return a
}

// weaker returns the outcome of two acts that both had to be done.
func weaker(a, b target.Outcome) target.Outcome {
	if stronger(a, b) == a {
		return b
	}
	return a
}
