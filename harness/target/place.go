package target

import (
	"fmt"
	"strings"
)

// Kind is a way in which a server's state can be wrong. Damage (what a fault
// did) and findings (what a detector saw) use the same kinds and places, so
// that one can be held against the other.
type Kind string

// The kinds. Each is about the server named in the [Place].
const (
	// MessageMissing: the other side has a live message that this one has not.
	MessageMissing Kind = "message-missing"
	// ExpungeMissing: the user expunged the message, and here it still lives.
	ExpungeMissing Kind = "expunge-missing"
	// TombstoneMissing: the other side remembers a message as expunged that
	// this one does not know at all. Only a client that was away can tell; a later
	// repair might.
	TombstoneMissing Kind = "tombstone-missing"
	// GUIDDiffers: one UID, two different messages.
	GUIDDiffers Kind = "guid-differs"
	// FlagsDiffer: one message, other flags or keywords.
	FlagsDiffer Kind = "flags-differ"
	// DateDiffers: one message, another INTERNALDATE.
	DateDiffers Kind = "internaldate-differs"
	// ModSeqDiffers: nothing else differs, but a modseq or HIGHESTMODSEQ does.
	ModSeqDiffers Kind = "modseq-differs"
	// UIDValidityDiffers: clients' caches are good for one side only.
	UIDValidityDiffers Kind = "uidvalidity-differs"
	// UniqueIDDiffers: one name, two mailboxes: one of them was made anew.
	UniqueIDDiffers Kind = "uniqueid-differs"
	// MailboxMissing: the other side has a mailbox that this one has not.
	MailboxMissing Kind = "mailbox-missing"
	// MailboxDiffers: something in the mailbox is not what it is on the other side.
	// It is all that a checksum tells.
	MailboxDiffers Kind = "mailbox-differs"
	// MailboxUnreadable: its index cannot be opened, so nobody gets its mail.
	MailboxUnreadable Kind = "mailbox-unreadable"
	// MailboxNameDiffers: one mailbox, two names: a rename was not replicated.
	MailboxNameDiffers Kind = "mailbox-name-differs"
	// DeletionMissing: the user deleted the mailbox, and here it is still there.
	DeletionMissing Kind = "mailbox-deletion-missing"
	// ClientCachesWrong: clients have been given UIDs or modseqs that mean other
	// messages on this server, and UIDVALIDITY does not tell them.
	ClientCachesWrong Kind = "client-caches-wrong"
	// BodyDiffers: what the server gives is not what its index recorded.
	BodyDiffers Kind = "body-differs"
	// AnnotationsDiffer: other annotations of one mailbox.
	AnnotationsDiffer Kind = "annotations-differ"
	// QuotaDiffers: another limit of the account's quota root.
	QuotaDiffers Kind = "quota-differs"
	// ACLDiffers: other rights on one mailbox.
	ACLDiffers Kind = "acl-differs"
	// QuotaRootDiffers: another quota root for one mailbox.
	QuotaRootDiffers Kind = "quotaroot-differs"
	// SubscriptionDiffers: subscribed on one side only.
	SubscriptionDiffers Kind = "subscription-differs"
	// ScriptDiffers: another source, another active script, or none.
	ScriptDiffers Kind = "script-differs"
	// ScriptStale: the source that is shown is not the one that was stored last.
	ScriptStale Kind = "script-stale"
	// CompiledScriptStale: what runs at delivery is not what the active script
	// says.
	CompiledScriptStale Kind = "compiled-script-stale"
	// ReplicationStopped: the master's changes are not sent any more.
	ReplicationStopped Kind = "replication-stopped"
	// ReplicaBehind: an account's changes have not reached the replica.
	ReplicaBehind Kind = "replica-behind"
	// ServerDown: no process of Cyrus runs, or no connection comes about.
	ServerDown Kind = "server-down"
	// ServerHung: connections are accepted, and nobody answers.
	ServerHung Kind = "server-hung"
	// AccountMissing: the other side has an account that this one has not.
	AccountMissing Kind = "account-missing"
	// LastUIDDiffers: the next message gets a UID on one side that the other has
	// given away already.
	LastUIDDiffers Kind = "last-uid-differs"
	// SeenDiffers: what an account has seen of others' mail differs.
	SeenDiffers Kind = "seen-differs"
	// StrayFile: a message file of no record.
	StrayFile Kind = "stray-file"
	// FileInaccessible: a file is there, and Cyrus may not read or write it.
	FileInaccessible Kind = "file-inaccessible"
	// DataFileDamaged: a file besides the index and the messages (cyrus.cache,
	// cyrus.header, a database) is not what Cyrus wrote.
	DataFileDamaged Kind = "data-file-damaged"
	// CompiledScriptMissing: the active script has no bytecode, or no link to it, so
	// nothing runs at delivery.
	CompiledScriptMissing Kind = "compiled-script-missing"
	// ProcessCrashed: a process of Cyrus ended as none should.
	ProcessCrashed Kind = "process-crashed"
	// DiskFull: nothing more can be written.
	DiskFull Kind = "disk-full"
	// DiskReadOnly: the mail's file system takes no writes.
	DiskReadOnly Kind = "disk-read-only"
	// MessageLost: no side has the message any more.
	MessageLost Kind = "message-lost"
	// MessageDoubled: the message stands in its mailbox more often than it was put
	// there.
	MessageDoubled Kind = "message-doubled"
	// ClockWrong: the server's clock is another than its peer's.
	ClockWrong Kind = "clock-wrong"
)

// Kinds returns all kinds, in the order in which they are declared.
func Kinds() []Kind {
	return []Kind{
		MessageMissing,
		ExpungeMissing,
		TombstoneMissing,
		GUIDDiffers,
		FlagsDiffer,
		DateDiffers,
		ModSeqDiffers,
		UIDValidityDiffers,
		UniqueIDDiffers,
		MailboxMissing,
		MailboxDiffers,
		MailboxUnreadable,
		MailboxNameDiffers,
		DeletionMissing,
		ClientCachesWrong,
		BodyDiffers,
		AnnotationsDiffer,
		QuotaDiffers,
		ACLDiffers,
		QuotaRootDiffers,
		SubscriptionDiffers,
		ScriptDiffers,
		ScriptStale,
		CompiledScriptStale,
		ReplicationStopped,
		ReplicaBehind,
		ServerDown,
		ServerHung,
		AccountMissing,
		LastUIDDiffers,
		SeenDiffers,
		StrayFile,
		FileInaccessible,
		DataFileDamaged,
		CompiledScriptMissing,
		ProcessCrashed,
		DiskFull,
		DiskReadOnly,
		MessageLost,
		MessageDoubled,
		ClockWrong,
	}
}

// OfOneServer says whether damage of the kind shows on one server alone, with
// nothing to hold against it.
func (k Kind) OfOneServer() bool {
	switch k {
	case MailboxUnreadable, BodyDiffers, ClientCachesWrong, ScriptStale, CompiledScriptStale, ReplicationStopped, ServerDown, ServerHung,
		StrayFile, FileInaccessible, DataFileDamaged, CompiledScriptMissing, ProcessCrashed, DiskFull, DiskReadOnly, ClockWrong, MessageDoubled, MessageLost:
		return true
	}
	return false
}

// Place says where something is wrong. What does not apply is zero.
type Place struct {
	Server  ServerName `json:"server"`
	Account string     `json:"account,omitempty"` // empty: the server itself
	Mailbox string     `json:"mailbox,omitempty"`
	UID     uint32     `json:"uid,omitempty"` // as the side that has the message knows it
	GUID    string     `json:"guid,omitempty"`
	Script  string     `json:"script,omitempty"`
}

func (p Place) String() string {
	if p.Account == "" {
		return string(p.Server)
	}
	text := fmt.Sprintf("%s on %s", p.Account, p.Server)
	if p.Mailbox != "" {
		text = fmt.Sprintf("%s of %s", p.Mailbox, text)
	}
	if p.UID != 0 {
		text = fmt.Sprintf("UID %d in %s", p.UID, text)
	}
	if p.Script != "" {
		text = fmt.Sprintf("script %q of %s", p.Script, text)
	}
	return text
}

// IsMail says whether a mailbox that an administrator is shown of an account holds mail:
// the one that holds its scripts is listed as well.
func IsMail(mailbox string) bool { return mailbox != "INBOX/#sieve" }

// IsOwn says whether a mailbox, as its user sees it listed, is the user's own:
// others' that are shared with the user are listed as well, under other roots.
func IsOwn(mailbox string) bool {
	return mailbox == "INBOX" || strings.HasPrefix(mailbox, "INBOX/")
}
