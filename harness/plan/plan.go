package plan

import "time"

// APIVersion is the version of the plan format that this package reads.
const APIVersion = "cyrdrill/v1"

// Plan is the text of a drill: which pair, whose mail, what happens to it in
// which order, and what must have been seen and must hold at the end. It is
// pure data: a scenario, a regression and a reduced counterexample are all
// plans.
type Plan struct {
	File        string // where it was read from, for messages
	APIVersion  string
	Name        string // "unreplicated-mail"
	Title       string // one line
	Description string // what happened, for whom this is, where it comes from
	Seed        uint64 // for traffic's choices and the simulator's chance
	Pair        Pair
	Accounts    []string
	Steps       []Step
	Expect      Expect
	Fails       *Fails // nil: on no Cyrus

	text []byte // as read
}

// Text returns the plan as it was read, byte for byte.
func (p *Plan) Text() []byte { return p.text }

// Pair says which pair the plan asks for.
type Pair struct {
	Cyrus          string        // Debian suite; "bookworm" when left out
	RepeatInterval time.Duration // sync_repeat_interval; 0 when left out
}

// Expect is what a run must show to pass.
type Expect struct {
	Marks      []Ref // situations that must have been reached
	Properties []Ref // what must hold at the end
}

// Fails says on which Cyrus a plan fails because of a known bug, and how. What it names is
// broken there and nothing else; at least one of Properties, Marks and Step is set.
type Fails struct {
	Cyrus      Versions
	Properties []Ref
	Marks      []Ref
	Step       Kind   // that cannot be carried out; empty: all can
	Saying     string // words of its error; empty where Step is
	Because    string
	Fix        string // Cyrus's commit; may be empty
}

// Ref is a name in a plan with its place, so that a message can point at it.
type Ref struct {
	Name string
	Pos  Pos
}

// Step is one line of a plan. Exactly one of the pointers is set; Kind names it.
type Step struct {
	Kind Kind
	Pos  Pos

	Deliver *Deliver
	Append  *Append
	Expunge *Expunge
	Wait    *Wait
	Fault   *Fault
	Freeze  *Freeze
	Promote *Promote
	Rescue  *Rescue
	Detect  *Detect
	Restore *Restore

	Seed     *Seed
	Work     *Work
	Rules    *Rules
	Clock    *Clock
	Expire   *Expire
	Resync   *Resync
	Failback *Failback
}

// Kind is the key that a step stands under in the file.
type Kind string

// The kinds of steps.
const (
	KindDeliver Kind = "deliver"
	KindAppend  Kind = "append"
	KindExpunge Kind = "expunge"
	KindWait    Kind = "wait"
	KindFault   Kind = "fault"
	KindFreeze  Kind = "freeze"
	KindPromote Kind = "promote"
	KindRescue  Kind = "rescue"
	KindDetect  Kind = "detect"
	KindRestore Kind = "restore"

	KindSeed     Kind = "seed"
	KindWork     Kind = "work"
	KindRules    Kind = "rules"
	KindClock    Kind = "clock"
	KindExpire   Kind = "expire"
	KindResync   Kind = "resync"
	KindFailback Kind = "failback"
)

// Deliver sends new messages by LMTP to where the clients' address points.
type Deliver struct {
	To    []string // accounts; all of the plan's when left out
	Count int      // messages for each account; 1 when left out
}

// Append stores new messages by IMAP, with flags and dates.
type Append struct {
	Account string
	Mailbox string // "INBOX" when left out
	Count   int    // 1 when left out
}

// Expunge lets the user remove messages for good.
type Expunge struct {
	Account string
	Mailbox string // "INBOX" when left out
	Count   int    // 1 when left out
	Which   Which  // oldest when left out
}

// Which says which of a mailbox's messages are meant, in the order in which
// the user was promised them.
type Which string

// The ways to choose messages.
const (
	Oldest Which = "oldest"
	Newest Which = "newest"
	Random Which = "random" // by the plan's seed
)

// Wait waits for a condition, with a deadline on the target's clock.
type Wait struct {
	Until  Condition
	Within time.Duration // 30 s when left out
}

// Condition is what a wait waits for.
type Condition string

// Replicated: no change waits in the master's sync log, and both servers'
// indexes are equal for every account.
const Replicated Condition = "replicated"

// Side names a server by what it is or was.
type Side string

// The sides. OldMaster is the server that was master before the promotion.
const (
	Master    Side = "master"
	Replica   Side = "replica"
	OldMaster Side = "old-master"
)

// Fault injects a fault of the catalogue: the one that is named, or one of several,
// drawn by the plan's seed.
type Fault struct {
	Name Ref        // empty where Any is not
	Any  []Weighted // sorted by name; empty where Name is not
	On   Side       // "master" when left out
	// Accounts are those whose mail or scripts may be hurt; all of the plan's
	// when left out.
	Accounts []string
	// Count is how many mailboxes or scripts a fault of that sort hurts, chosen
	// by the plan's seed; 1 when left out.
	Count int
	// How much; zero where the plan leaves it to the fault.
	By   time.Duration // how late an answer comes, how far a clock jumps
	Rate int           // KiB a second
	Loss int           // of a hundred packets
}

// Weighted is one fault that may be drawn, and how likely that is: its weight against
// the sum of all.
type Weighted struct {
	Fault  Ref
	Weight int
}

// Names returns the fault that is named, or those that may be drawn.
func (f Fault) Names() []Ref {
	if len(f.Any) == 0 {
		return []Ref{f.Name}
	}
	names := make([]Ref, len(f.Any))
	for i, w := range f.Any {
		names[i] = w.Fault
	}
	return names
}

// Draw returns the name of the fault to be injected: of several, by chance, which is
// asked for a number from 0 up to below n.
func (f Fault) Draw(chance func(n int) int) string {
	sum := 0
	for _, w := range f.Any {
		sum += w.Weight
	}
	if sum == 0 {
		return f.Name.Name
	}
	at := chance(sum)
	for _, w := range f.Any {
		if at < w.Weight {
			return w.Fault.Name
		}
		at -= w.Weight
	}
	return ""
}

// Freeze takes the freeze: the index view and the sync logs of both sides. Of
// a dead server it takes what its disk shows; its index follows at the rescue.
type Freeze struct{}

// Promote makes a server the master.
type Promote struct {
	Server Side // "replica" when left out
}

// Rescue brings the old master up apart, as the rescued store, and completes
// the freeze with its index.
type Rescue struct {
	Server Side // "old-master" when left out
}

// Detect runs a detector.
type Detect struct {
	Detector Ref
	Sides    Sides // "pair" when left out
}

// Sides says which two states a detector compares.
type Sides string

const (
	// PairNow: master and replica as they are now.
	PairNow Sides = "pair"
	// FrozenSides: both sides as the freeze has them.
	FrozenSides Sides = "freeze"
	// ServingAlone: the server to which the clients' address points, on its
	// own.
	ServingAlone Sides = "serving"
	// RescuedAndServing: the rescued store and the server that serves.
	RescuedAndServing Sides = "rescued"
)

// Restore plans a restore and applies it.
type Restore struct {
	Restorer Ref
	Policy   string // what becomes of doubtful messages; "restore" when left out
	Workers  int    // accounts at once; 4 when left out
	// Kills is how often the restore is killed amid its work, at moments drawn by the
	// plan's seed, and run again; 0 when left out.
	Kills int
	// Rivals is how often a second restore of the same plan is begun amid it, which has to
	// be refused; 0 when left out.
	Rivals int
	// Outages is how often the server to which is restored dies amid it. It is started
	// again, and the restore run again; 0 when left out.
	Outages int
}

// Seed puts mail in bulk into all accounts, on both servers alike, before
// anything else happens: it is as good as acknowledged.
type Seed struct {
	Mailboxes int // for each account, its INBOX included; 5 when left out
	Messages  int // in all accounts together
}

// Work lets users do this and that, chosen by the plan's seed.
type Work struct {
	Accounts   []string // all of the plan's when left out
	Operations int      // of each account
	Only       []string // operations' names, as the ledger has them; all when left out
}

// Rules lets users write a new version of their sieve script, which files mail
// otherwise than the one before, and activate it.
type Rules struct {
	Accounts []string // all of the plan's when left out
}

// Clock moves the clocks of both servers ahead.
type Clock struct {
	Advance time.Duration
}

// Expire removes tombstones and deleted mailboxes for good (cyr_expire).
type Expire struct {
	Server Side // "master" when left out
}

// Resync makes the rescued old master the replica of the new one.
type Resync struct {
	Server Side // "old-master" when left out
}

// Failback swaps the roles of master and replica, in a planned way.
type Failback struct{}
