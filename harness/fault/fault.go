// Package fault is the catalogue of deliberate failures. Each fault is one
// file and one value in [All]. To inject one returns an [Instance], which
// proves that the fault landed, knows the damage that it did (the ground truth
// that detectors never see), and tells later whether that damage is live.
//
// Faults break things through the target's Saboteur, always from outside
// Cyrus.
//
//	go test ./harness/fault
package fault

import (
	"context"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Fault is one way to break a pair.
type Fault interface {
	Name() string
	// Doc says in one line what happens.
	Doc() string
	// Effects says what the fault does to the pair, so that a plan which
	// cannot be carried out is refused before it starts.
	Effects() Effects
	// Inject breaks the pair and returns once there is evidence of it. Where
	// the fault did not land, the instance's evidence says so by being empty.
	Inject(ctx context.Context, scene Scene) (Instance, error)
}

// Effects are a fault's consequences for the steps that may follow it.
type Effects struct {
	// Breaks is what is broken.
	Breaks           Object
	StopsReplication bool
	KillsServer      bool
	// Promotes: the replica is the master afterwards.
	Promotes bool
	// NeedsServer: the server has to run. NeedsReplication: both have to, and the one
	// to be the other's replica.
	NeedsServer, NeedsReplication bool
	// Of the faults that stop or need replication most are the master's. EitherSide:
	// either server will do. ReplicaOnly: the replica alone will.
	EitherSide, ReplicaOnly bool
	// NeedsMovingClock and NeedsSmallDisk say what pair has to be made: see
	// NeedsModel: it hurts a simulated pair alone; docs/faults-hosts.md says why.
	NeedsModel bool
	// [target.Spec].
	NeedsMovingClock, NeedsSmallDisk bool
	// HurtsMailboxes and HurtsScripts say what the scene must have chosen.
	HurtsMailboxes bool
	HurtsScripts   bool
	HurtsAccounts  bool
	// Fits says whether a mailbox, with its records, can be hurt so; nil: one that
	// has ever held mail can.
	Fits func(target.Mailbox) bool
	// FitsAccount says the same of an account, as its index is; nil: any can.
	FitsAccount func(target.Snapshot) bool
}

// Scene is where a fault is injected.
type Scene struct {
	Pair     target.Pair
	On       target.ServerName
	Accounts []string // those whose mail may be hurt
	// Mailboxes, Scripts and Hurt (accounts) are chosen for the faults that need
	// such.
	Mailboxes []ChosenMailbox
	Scripts   []ChosenScript
	Hurt      []string
	// What a plan says of how much; zero: the fault's own default.
	Count int           // how many, or how often
	By    time.Duration // how late, or how far a clock jumps
	Rate  int           // KiB a second
	Loss  int           // of a hundred packets
}

// ChosenMailbox is a mailbox that a fault is to hurt.
type ChosenMailbox struct {
	Account, Mailbox string
	// Pick says which of the messages that fit is hurt: the one at this place, of
	// as many as there are over and over.
	Pick int
}

// ChosenScript is a script that a fault is to hurt, and the source whose effect
// takes its place.
type ChosenScript struct {
	Account, Script string
	Source          []byte
}

// Instance is one fault that was injected.
type Instance interface {
	// Look measures the fault anew. It is called right after the injection,
	// before anything that could hide what the fault did (a further fault, a
	// promotion), and at the end.
	Look(ctx context.Context) (Report, error)
}

// Report is what is known of a fault's instance.
type Report struct {
	Evidence target.Evidence `json:"evidence"`
	Damage   []Damage        `json:"damage,omitempty"`
	State    State           `json:"state"`
}

// Damage is one thing that a fault made wrong.
type Damage struct {
	target.Place
	Kind target.Kind `json:"kind"`
	How  string      `json:"how"`
}

// State says what has become of a fault's damage.
type State string

const (
	// Live: the damage is there.
	Live State = "live"
	// Healed: it is gone, by itself or by a repair.
	Healed State = "healed"
)

// All returns the catalogue, in the order of the documentation.
func All() []Fault {
	return []Fault{
		// replication
		ReplicationStopped{}, ReplicationLost{},
		SyncClientKilled{}, SyncClientGivenUp{}, SyncLogTruncated{}, SyncLogForeignLine{}, ChannelStuck{}, ReplicaLagging{},
		NetworkCut{}, NetworkSlow{}, NetworkNarrow{}, NetworkLossy{}, SyncPortGarbled{},
		// index and lists
		IndexRecordDamaged{}, IndexRecordWiped{}, IndexTruncated{},
		IndexSpoilt{target.Flipped}, IndexSpoilt{target.Zeroed}, IndexSpoilt{target.Removed},
		CacheSpoilt{target.Truncated}, CacheSpoilt{target.Removed}, MailboxHeaderDeleted{}, MailboxFolderLost{},
		MailboxEntryLost{}, MailboxListSpoilt{target.Truncated}, MailboxListSpoilt{target.Emptied},
		ConversationsSpoilt{target.Truncated}, ConversationsSpoilt{target.Removed}, SeenTruncated{}, SeenDeleted{},
		SubscriptionLost{}, QuotaRootWrong{}, QuotaChanged{}, ACLChanged{}, AnnotationLost{},
		KeywordLost{}, FlagsChanged{}, InternalDateChanged{}, ModSeqChanged{}, GUIDsSwapped{}, TombstoneLost{}, LastUIDLow{},
		// spool
		MessageSpoilt{target.Removed}, MessageSpoilt{target.Emptied}, MessageSpoilt{target.Truncated}, MessageSpoilt{target.Flipped},
		MessagesSwapped{}, StrayMessageFile{}, MessageDenied{target.WrongOwner}, MessageDenied{target.WrongMode},
		// sieve
		ScriptStale{}, CompiledScriptStale{}, CompiledScriptMissing{}, CompiledScriptOlder{}, ActiveLinkMissing{},
		ScriptMissing{}, ScriptEmpty{}, OtherScriptActive{}, ScriptDeactivated{}, ScriptDeleted{},
		// hosts
		ProcessKilled{}, ServerHung{}, ServerStopped{}, ServerRestarted{}, DiskFull{}, DiskReadOnly{}, ClockAhead{}, ClockBehind{}, OutOfMemory{},
		KilledAmidAppends{}, KilledAmidSync{}, KilledAmidReconstruct{}, PowerLost{},
		// people
		SplitBrain{}, HastyFailover{}, SyncResetWrongSide{}, ReconstructWrongSide{}, OldBackupRestored{}, TwoRestores{},
	}
}

// ByName returns the fault of that name.
func ByName(name string) (Fault, bool) {
	for _, f := range All() {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}
