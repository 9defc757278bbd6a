package conform

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Op is what a step does.
type Op string

// What users do, on the server of the step, in a session of their own.
const (
	Deliver       Op = "deliver"   // Message
	Append        Op = "append"    // Message, Count, Add as flags
	Flag          Op = "flag"      // UIDs, Add, Remove
	Copy          Op = "copy"      // UIDs, To
	Move          Op = "move"      // UIDs, To
	Expunge       Op = "expunge"   // UIDs
	Create        Op = "create"    //
	Rename        Op = "rename"    // To
	Delete        Op = "delete"    //
	Subscribe     Op = "subscribe" //
	Unsubscribe   Op = "unsubscribe"
	SetACL        Op = "setacl"        // Who, Text as rights
	SetAnnotation Op = "setannotation" // Entry, Text
	SetQuota      Op = "setquota"      // Count in KiB; below zero lifts the limit
	PutScript     Op = "putscript"     // Script, Message as the version
	Activate      Op = "activate"      // Script; empty for none
	DeleteScript  Op = "deletescript"  // Script
	Look          Op = "look"          // what a session shows of the mailbox
	Read          Op = "read"          // what it gets of each message in it
)

// What operators and incidents do to a server.
const (
	Suspend      Op = "suspend"      // sync_client
	Resume       Op = "resume"       // sync_client
	Kill         Op = "kill"         // the server
	Start        Op = "start"        // the server
	Stop         Op = "stop"         // the server, in order
	Hang         Op = "hang"         // the server
	Unhang       Op = "unhang"       // the server
	LoseLog      Op = "lose-log"     // its sync log, and sync_client
	CutIndex     Op = "cut-index"    // of the mailbox
	FlipRecord   Op = "flip-record"  // the first one of the mailbox
	OldSource    Op = "old-source"   // of the script
	OldCompiled  Op = "old-compiled" // of the script
	Reconstruct  Op = "reconstruct"  // the mailbox
	Expire       Op = "expire"       // all tombstones
	Promote      Op = "promote"      // the server; the other must be down
	Rescue       Op = "rescue"       // the server
	Resync       Op = "resync"       // the server, from the other
	SwapRoles    Op = "swap-roles"   //
	Advance      Op = "advance"      // both clocks, by Count hours
	Settle       Op = "settle"       // until replication rests; then both servers' states are taken
	SettleBodies Op = "settle-bodies"
	Logged       Op = "logged"  // whether the server's syslog has Text by now, Count times or more: yes or no
	Detect       Op = "detect"  // what every detector finds
	Compiled     Op = "scripts" // the account's compiled scripts
)

// What happens to a server's machine, and to the network of replication.
const (
	CutOff         Op = "cut-off"          // the server, from the other
	Mend           Op = "mend"             // its connection
	Fill           Op = "fill"             // its disk for mail
	Free           Op = "free"             // the disk
	Jump           Op = "jump"             // its clock alone, by Count hours
	KillSyncClient Op = "kill-sync-client" // Count times
	RemoveLog      Op = "remove-log"       // its sync log, under sync_client
	AddLogLine     Op = "add-log-line"     // Text, to its sync log
	CutLog         Op = "cut-log"          // its sync log, in the middle
	Protect        Op = "protect"          // its disk for mail, from writes
	Unprotect      Op = "unprotect"        // the disk
	Garble         Op = "garble"           // what answers at its port for replication
	Ungarble       Op = "ungarble"         // the port
	BackUp         Op = "back-up"          // the mailbox
	PutBack        Op = "put-back"         // the mailbox, as it was backed up
	Slow           Op = "slow"             // its network, each answer by Count milliseconds; zero: by nothing
	Narrow         Op = "narrow"           // its network, to Count bytes a second; zero: to none but its own bound
	Pass           Op = "pass"             // Count seconds
	Log            Op = "log"              // what is in its sync log, file by file
)

// What an administrator does by hand, on the server.
const (
	SyncUser       Op = "sync-user"             // sync_client -u of the account: "exit 0"
	SyncMailbox    Op = "sync-mailbox"          // sync_client -m of Text: "exit 0"
	SyncBack       Op = "sync-back"             // to the other, against replication: of the account (-u), or of all (-A)
	QueueUser      Op = "queue-user"            // cyr_synclog -u of the account
	ShutSyncClient Op = "shut-sync-client"      // by sync_shutdown_file
	Reload         Op = "reload"                // SIGHUP to the master process
	ResetUser      Op = "reset-user"            // sync_reset of the account
	ResetApart     Op = "reset-apart"           // the same, and nothing of it is logged
	Unexpunge      Op = "unexpunge"             // UIDs
	LookOnly       Op = "look-only"             // reconstruct -n of the mailbox
	CompareGUIDs   Op = "compare-guids"         // reconstruct -G of the mailbox, and what it says of files
	SyncMeta       Op = "sync-meta"             // sync_client -s of the account: "exit 0"
	SyncOneWay     Op = "sync-one-way"          // sync_client -O -u of the account: "exit 0"
	ListExpunged   Op = "list-expunged"         // unexpunge -l of the mailbox
	CheckMailbox   Op = "check-mailbox"         // chk_cyrus of the mailbox
	CheckList      Op = "check-list"            // ctl_mboxlist -v
	RebuildEntry   Op = "rebuild-entry"         // reconstruct -P of the mailbox's directory
	RebuildConvs   Op = "rebuild-conversations" // ctl_conversationsdb -R of the account
)

// What incidents do to files, each a Harm where there is a choice, and what puts
// replication right after them.
const (
	SpoilIndex         Op = "spoil-index"         // of the mailbox, Harm
	WipeRecord         Op = "wipe-record"         // UIDs
	SpoilFile          Op = "spoil-file"          // of UIDs, Harm
	SwapFiles          Op = "swap-files"          // of two UIDs
	StrayFile          Op = "stray-file"          // for UIDs, Message
	SpoilCache         Op = "spoil-cache"         // of the mailbox, Harm
	LoseHeader         Op = "lose-header"         // of the mailbox
	LoseFolder         Op = "lose-folder"         // of the mailbox
	LoseEntry          Op = "lose-entry"          // of the mailbox, in mailboxes.db
	SpoilList          Op = "spoil-list"          // mailboxes.db, Harm
	SpoilConversations Op = "spoil-conversations" // of the account, Harm
	SpoilSeen          Op = "spoil-seen"          // of the account, Harm
	AgeCompiled        Op = "age-compiled"        // of the script, Message
	LoseCompiled       Op = "lose-compiled"       // of the script
	LoseActiveLink     Op = "lose-active-link"    // of the account
	ListScripts        Op = "list-scripts"        // what a session shows of scripts
	SwapGUIDs          Op = "swap-guids"          // of two UIDs
	SwapDates          Op = "swap-dates"          // of two UIDs
	SetLastUID         Op = "set-last-uid"        // of the mailbox, to Count
	DenyFile           Op = "deny-file"           // of UIDs
	LoseSource         Op = "lose-source"         // of the script
)

// What a sync client tells one server that has it wrong.
const (
	TellFlags         Op = "tell-flags"          // of UIDs, Add
	TellDate          Op = "tell-date"           // of UIDs, that of the Message
	TellRights        Op = "tell-rights"         // Who, Text
	TellNoAnnotations Op = "tell-no-annotations" // of the mailbox
	TellUnsubscribed  Op = "tell-unsubscribed"   // from the mailbox
	TellQuota         Op = "tell-quota"          // Count in KiB; below zero lifts the limit
	TellNoQuotaRoot   Op = "tell-no-quota-root"  //
	TellScript        Op = "tell-script"         // Script, Message as the version; and it is active
	TellNoActive      Op = "tell-no-active"      // Script, that was it
	TellNoScript      Op = "tell-no-script"      // Script
)

// Step is one step of a plan. What does not apply to its operation is empty.
type Step struct {
	Op      Op                `yaml:"op"`
	On      target.ServerName `yaml:"on,omitempty"` // empty: the server that serves
	Account string            `yaml:"account,omitempty"`
	Mailbox string            `yaml:"mailbox,omitempty"`
	UIDs    []uint32          `yaml:"uids,omitempty,flow"`
	To      string            `yaml:"to,omitempty"`
	Add     []string          `yaml:"add,omitempty,flow"`
	Remove  []string          `yaml:"remove,omitempty,flow"`
	Who     string            `yaml:"who,omitempty"`
	Entry   string            `yaml:"entry,omitempty"`
	Script  string            `yaml:"script,omitempty"`
	Text    string            `yaml:"text,omitempty"`
	Message int               `yaml:"message,omitempty"` // which of the messages or scripts that there are
	Count   int               `yaml:"count,omitempty"`
	Harm    target.Harm       `yaml:"harm,omitempty"`

	// What a plan that is kept promises of a step, on both targets: its answer, and
	// words that some fact of it has, or that none has. See [Unmet].
	Answers string   `yaml:"answers,omitempty"`
	Sees    []string `yaml:"sees,omitempty,flow"`
	Lacks   []string `yaml:"lacks,omitempty,flow"`
}

// Plan is steps, in order. A last [SettleBodies] is understood.
type Plan struct {
	// Because says why the plan is kept, in one line; empty for one just drawn.
	Because string `yaml:"because,omitempty"`
	// Needs are what the pair has to be made with, beside [Accounts].
	Needs []Need `yaml:"needs,omitempty,flow"`
	// Suites are those whose Cyrus does what the plan promises; none: all do.
	Suites []string `yaml:"suites,omitempty,flow"`
	// Nightly plans run on real servers where all are asked for: of those that are
	// alike, CI runs one.
	Nightly bool   `yaml:"nightly,omitempty"`
	Steps   []Step `yaml:"steps"`
}

// Need is something that not every pair has.
type Need string

// The needs: see [target.Spec].
const (
	MovingClock Need = "moving-clock"
	SmallDisk   Need = "small-disk"
)

// Spec returns what pair the plan needs.
func (p Plan) Spec() target.Spec {
	return target.Spec{
		Accounts:    Accounts(),
		MovingClock: slices.Contains(p.Needs, MovingClock), SmallDisk: slices.Contains(p.Needs, SmallDisk),
	}
}

// Accounts are those that every plan has.
func Accounts() []string { return []string{"alice", "bob"} }

func (s Step) String() string {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out, yaml.Flow(true))
	if err := encoder.Encode(s); err != nil {
		return fmt.Sprintf("%+v", struct{ Step }{s})
	}
	return strings.TrimSpace(out.String())
}

// Text renders the plan as a file, one step a line.
func (p Plan) Text() string {
	var out strings.Builder
	if p.Because != "" {
		fmt.Fprintf(&out, "because: %q\n", p.Because)
	}
	if len(p.Needs) > 0 {
		fmt.Fprintf(&out, "needs: %s\n", strings.ReplaceAll(fmt.Sprint(p.Needs), " ", ", "))
	}
	if len(p.Suites) > 0 {
		fmt.Fprintf(&out, "suites: [%s]\n", strings.Join(p.Suites, ", "))
	}
	if p.Nightly {
		out.WriteString("nightly: true\n")
	}
	out.WriteString("steps:\n")
	for _, s := range p.Steps {
		fmt.Fprintf(&out, "  - %s\n", s)
	}
	return out.String()
}

// Parse reads a plan's file. Its errors name line and column.
func Parse(text []byte) (Plan, error) {
	var p Plan
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		return Plan{}, fmt.Errorf("reading a plan: %w", err)
	}
	return p, nil
}
