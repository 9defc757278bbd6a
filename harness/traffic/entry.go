package traffic

import (
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Op is one user-visible act.
type Op string

// The operations that traffic knows.
const (
	OpDeliver       Op = "deliver"       // LMTP, through the account's active script
	OpAppend        Op = "append"        // IMAP APPEND
	OpFlag          Op = "flag"          // IMAP STORE
	OpCopy          Op = "copy"          // IMAP COPY
	OpMove          Op = "move"          // IMAP MOVE
	OpExpunge       Op = "expunge"       // IMAP STORE \Deleted and UID EXPUNGE
	OpCreate        Op = "create"        // IMAP CREATE
	OpRename        Op = "rename"        // IMAP RENAME
	OpDelete        Op = "delete"        // IMAP DELETE
	OpSubscribe     Op = "subscribe"     // IMAP SUBSCRIBE
	OpUnsubscribe   Op = "unsubscribe"   // IMAP UNSUBSCRIBE
	OpSetACL        Op = "setacl"        // IMAP SETACL
	OpSetQuota      Op = "setquota"      // IMAP SETQUOTA, by the administrator
	OpSetAnnotation Op = "setannotation" // IMAP SETMETADATA
	OpPutScript     Op = "putscript"     // ManageSieve PUTSCRIPT
	OpActivate      Op = "activate"      // ManageSieve SETACTIVE
	OpDeleteScript  Op = "deletescript"  // ManageSieve DELETESCRIPT
)

// Ops returns the operations in the order of the documentation.
func Ops() []Op {
	return []Op{
		OpDeliver, OpAppend, OpFlag, OpCopy, OpMove, OpExpunge, OpCreate, OpRename, OpDelete, OpSubscribe,
		OpUnsubscribe, OpSetACL, OpSetQuota, OpSetAnnotation, OpPutScript, OpActivate, OpDeleteScript,
	}
}

// Entry is one operation, as its client knows it. What does not apply to its Op
// is zero.
type Entry struct {
	ID         int            `json:"id"`      // from 1, in the order of sending
	Session    string         `json:"session"` // operations of one session are in order
	Op         Op             `json:"op"`
	Account    string         `json:"account"`
	Mailbox    string         `json:"mailbox,omitempty"`
	Marker     string         `json:"marker,omitempty"` // which message
	Server     string         `json:"server"`           // who was asked
	SentAt     time.Time      `json:"sent_at"`
	AnsweredAt time.Time      `json:"answered_at,omitzero"`
	Outcome    target.Outcome `json:"outcome,omitempty"` // empty: sent, nothing known yet
	Answer     string         `json:"answer,omitempty"`  // the error, where there was one

	// Of the operations that make a message:
	Flags        []string  `json:"flags,omitempty"`
	InternalDate time.Time `json:"internaldate,omitzero"` // as asked for; zero: the server's own
	Bytes        int       `json:"bytes,omitempty"`       // as sent
	SentSHA1     string    `json:"sent_sha1,omitempty"`
	// Again: the MTA had no answer, or none that it believed, and tries the
	// delivery of this very message once more.
	Again bool `json:"again,omitempty"`

	To     string   `json:"to,omitempty"`     // mailbox that a copy, move or rename goes to
	Add    []string `json:"add,omitempty"`    // flags
	Remove []string `json:"remove,omitempty"` // flags
	// UID and ModSeq are those that a message had, as its user was shown it, whose flags
	// are to be changed; 0: the server told no modseq.
	UID    uint32 `json:"uid,omitempty"`
	ModSeq uint64 `json:"modseq,omitempty"`
	// Name is an identifier of an ACL, an annotation's entry, or a script.
	Name string `json:"name,omitempty"`
	// Value is the rights, the annotation, the quota in KiB, or the script's
	// source. Where there is none, what Name names is taken away.
	Value string `json:"value,omitempty"`
}

// makesMessage says whether the operation brings a new message into being.
func (e Entry) makesMessage() bool { return e.Op == OpDeliver || e.Op == OpAppend }

// onMessage says whether the operation is about one message.
func (e Entry) onMessage() bool {
	switch e.Op {
	case OpDeliver, OpAppend, OpFlag, OpCopy, OpMove, OpExpunge:
		return true
	}
	return false
}

// Sighting is a message as a server first gave it to its user.
type Sighting struct {
	Marker      string    `json:"marker"`
	Account     string    `json:"account"`
	Mailbox     string    `json:"mailbox"`
	Server      string    `json:"server"`
	At          time.Time `json:"at"`
	UIDValidity uint32    `json:"uidvalidity"`
	UID         uint32    `json:"uid"`
	BodySHA1    string    `json:"body_sha1"`
}

// Count is what a server told of a mailbox's counters (RFC 9051, section 7.3.4;
// RFC 7162 for HIGHESTMODSEQ).
type Count struct {
	Server  string    `json:"server"`
	Account string    `json:"account"`
	Mailbox string    `json:"mailbox"`
	At      time.Time `json:"at"`
	target.Counters
}
