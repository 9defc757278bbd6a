package target

import (
	"context"
	"time"
)

// ServerName names one server of a pair for as long as the pair exists. Roles
// move between servers; names do not.
type ServerName string

// The two servers of a pair. A new or reset pair has Imap1 as its master.
const (
	Imap1 ServerName = "imap1"
	Imap2 ServerName = "imap2"
)

// Other returns the name of the other server of the pair.
func (n ServerName) Other() ServerName {
	if n == Imap1 {
		return Imap2
	}
	return Imap1
}

// Role is what a server does in its pair at the moment.
type Role string

const (
	// RoleMaster takes mail and users, and logs its changes for replication.
	RoleMaster Role = "master"
	// RoleReplica receives what the master's sync_client sends.
	RoleReplica Role = "replica"
	// RoleRescued is a former master brought up apart: it can be read through
	// its views, takes no mail, and replicates nothing to anybody.
	RoleRescued Role = "rescued"
	// RoleServing takes mail and users beside a rescued server, in the field: whether it
	// logs its changes nobody has said.
	RoleServing Role = "serving"
)

// Spec says what pair is wanted.
type Spec struct {
	// Seed is where all of the target's own chance comes from (latencies and
	// process ids of the simulator). Real pairs ignore it.
	Seed uint64
	// Suite names the Cyrus to run, as a Debian suite: "bookworm". A target
	// that cannot be that Cyrus answers with a [SetupError].
	Suite string
	// Accounts are the users that exist on a new or reset pair, each with an
	// empty INBOX on both servers.
	Accounts []string
	// RepeatInterval is sync_repeat_interval: how long sync_client waits
	// between two looks at its log. Zero looks again at once.
	RepeatInterval time.Duration
	// MovingClock asks for servers whose clocks can be moved; see [ClockMover].
	// Real ones are slower for it.
	MovingClock bool
	// SmallDisk asks for servers whose disk for mail can be filled up; see
	// [DiskSaboteur]. Real ones keep mail in memory then, and lose it when they
	// end.
	SmallDisk bool
	// Keep asks for a pair that outlives this process. Targets that leave
	// nothing behind anyhow ignore it.
	Keep bool
}

// Target makes pairs.
type Target interface {
	// Name is what the user calls the target: "sim" or "docker".
	Name() string
	// NewPair returns a pair that is ready: both servers greet, the accounts
	// exist on both, and a change on the master has reached the replica.
	// An error that the user can mend (no engine, no image) is a [SetupError].
	NewPair(ctx context.Context, spec Spec) (Pair, error)
}

// Pair is two servers, one replicating to the other.
type Pair interface {
	// Version says which Cyrus runs, as an operator would write it:
	// "3.6.1-4+deb12u5", or "model of 3.6.1".
	Version() string
	// Servers returns both servers, Imap1 first, whatever their state.
	Servers() [2]Server
	// Server returns the server of that name, whatever its state.
	Server(ServerName) Server
	// Role returns what the server does at the moment.
	Role(ServerName) Role
	// Serving returns the server to which the clients' address points. It is
	// the first master until a promotion moves it, also while that is dead.
	Serving() Server

	Clock() Clock
	Executor() Executor
	Operator() Operator
	Saboteur() Saboteur

	// Reset brings the pair back to what NewPair returned, with these accounts,
	// from whatever state a drill has left it in.
	Reset(ctx context.Context, accounts []string) error
	// Close gives everything back. A pair made with Spec.Keep stays.
	Close(ctx context.Context) error
}

// Discarder is a [Pair] that its target would lend to somebody else after it was closed. A
// pair that has misbehaved (it cannot be reset, it answers what no server of its sort
// does) is not to be trusted with the next drill.
type Discarder interface {
	// Discard lets the pair be thrown away when it is closed.
	Discard()
}

// Server is one server, as it can be observed. Detectors get this and nothing
// that could change it but a user's session.
type Server interface {
	Name() ServerName
	Index() IndexView
	User() UserView
	Host() HostView
}

// Operator does what an administrator of the pair may do. Each call returns
// when its effect can be seen, or with an error that says what was being done
// to which server.
type Operator interface {
	// Start starts a server that is down, in the role that it had.
	Start(ctx context.Context, server ServerName) error
	// Stop shuts a server down cleanly.
	Stop(ctx context.Context, server ServerName) error
	// Promote makes the replica the master: its configuration is rewritten, it
	// logs changes for replication but sends them nowhere yet, and the
	// clients' address moves to it. The other server must be down: two masters
	// at once would be a split brain, and the call refuses it.
	// Whoever promotes takes the freeze first.
	Promote(ctx context.Context, server ServerName) error
	// Rescue brings a dead former master up apart from the pair: cut off the
	// replication network, no sync_client, no mail, no autocreate, so that
	// reading it changes neither it nor the pair. It refuses a server that
	// serves users.
	Rescue(ctx context.Context, server ServerName) error

	// Reconstruct rebuilds one mailbox's index from its message files, as an
	// administrator does (cyrus reconstruct), and returns what the tool said:
	// its exit status tells nothing. It cannot be undone: flags, tombstones and
	// UIDVALIDITY of what it rebuilds are gone.
	Reconstruct(ctx context.Context, server ServerName, account, mailbox string, how ...ReconstructOption) (said string, err error)
	// Expire removes every tombstone and deleted mailbox for good, as the
	// nightly run of cyr_expire does once they are old enough.
	Expire(ctx context.Context, server ServerName) (said string, err error)
	// SyncUser sends all of an account at once to the server's peer, whatever its
	// sync log says (sync_client -u), and returns what the tool ended with: 0 as
	// well where it found nothing amiss because it did not look. A run that does
	// not end within [SyncWithin] is ended, with a [TimeoutError]: sync_client
	// waits for ever for a replica that is not there.
	SyncUser(ctx context.Context, server ServerName, account string) (status int, err error)
	// Resync makes a rescued server the replica of the one that serves. The
	// accounts are emptied there first, so that nothing of their old state can
	// come back, and then sent whole; from then on there is rolling
	// replication. It returns when no change waits in the sync log any more.
	// It refuses a server that serves users.
	Resync(ctx context.Context, server ServerName, accounts []string) error
	// SwapRoles makes the replica the master and the master its replica, in a
	// planned way: users are let out, what they changed is replicated to the
	// last line of the sync log, and only then the clients' address moves. It
	// returns how long no server took users.
	SwapRoles(ctx context.Context) (downtime time.Duration, err error)
}

// SyncWithin bounds one run of sync_client by hand.
const SyncWithin = 15 * time.Second

// Seeder is a pair into which mail can be put in bulk, past IMAP and LMTP, on
// both servers alike. A pair need not be one.
type Seeder interface {
	// Seed adds mailboxes with mail to accounts that exist and that nobody
	// changes meanwhile.
	Seed(ctx context.Context, accounts map[string][]SeedMailbox) error
}

// SeedMailbox is one mailbox and the mail to be put into it. One that is there,
// as the INBOX is, gets the mail added.
type SeedMailbox struct {
	Name     string // as its owner sees it, in UTF-8: "INBOX/Köln"
	Messages []AppendMessage
}

// ClockMover is a pair whose servers' clocks can be moved ahead. A pair need
// not be one. [Pair.Clock] tells the moved time.
type ClockMover interface {
	// Advance lets d pass on both servers at once, without waiting for it.
	Advance(ctx context.Context, d time.Duration) error
}
