package detect

import (
	"regexp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// logRule is a sort of line that Cyrus logs and that an operator has to act on.
type logRule struct {
	// line matches what is logged. Groups named mailbox (its internal name), uid and
	// account say what it is about.
	line  *regexp.Regexp
	kind  target.Kind
	times int    // fewer such lines are what a moment's trouble leaves behind
	means string // what an operator should think
}

// logRules is the table. The first rule that matches a line counts. Each begins with words
// that stand in the line as they are: most lines have none of them, and to look for a word
// takes far less time than to try a pattern at each place.
//
// Left out is what a pair that is well logs, too: that a connection was lost or was idle
// for too long ("bailing out! Bad protocol"), that a replica was not found for a while,
// that two sides were brought together ("SYNCNOTICE"); and what no rule could tell
// from that.
func logRules() []logRule { return logTable }

const (
	startedNoMore = "the master process starts sync_client no more until it gets SIGHUP: nobody is replicated"
	hasCrashed    = "a process of Cyrus has crashed: see whose mail it was at"
)

var logTable = []logRule{
	{
		regexp.MustCompile(`too many failures for service syncclient/`), target.ReplicationStopped, 1, startedNoMore,
	}, {
		regexp.MustCompile(`daemon syncclient/\S+ is repeatedly failing`), target.ReplicationStopped, 1, startedNoMore,
	}, {
		regexp.MustCompile(`too many failures for service `),
		target.ServerDown, 1, "the master process has closed a service until it gets SIGHUP",
	}, {
		regexp.MustCompile(`Error in do_sync\(\): bailing out! (?:Mailbox has an invalid format|Mailbox format corruption detected|Mailbox has been moved to another server|System I/O error|The remote Server\(s\) denied the operation)`),
		target.ReplicationStopped, 3, "sync_client fails at one batch again and again: all changes after it wait, for all users",
	}, {
		regexp.MustCompile(`Error in sync_do_user\((?P<account>[^)]+)\): bailing out!`),
		target.ReplicationStopped, 1, "sync_client cannot send this account",
	}, {
		regexp.MustCompile(`Read-only file system`),
		target.DiskReadOnly, 1, "the file system takes no writes: look at the disk",
	}, {
		regexp.MustCompile(`No space left on device`),
		target.DiskFull, 1, "there is no room on the disk",
	}, {
		regexp.MustCompile(`IOERROR: (?:opening index|read header|refreshing index) failed: mailbox=<(?P<mailbox>[^>]+)>`),
		target.MailboxUnreadable, 1, "the mailbox cannot be opened: find out which side is right before you reconstruct",
	}, {
		// The same of 3.2.
		regexp.MustCompile(`IOERROR: (?:opening index|refreshing index for|reading header for) (?P<mailbox>(?:DELETED\.)?user\.[^:]+): `),
		target.MailboxUnreadable, 1, "the mailbox cannot be opened: find out which side is right before you reconstruct",
	}, {
		regexp.MustCompile(`do_folders\(\): failed to order folders correctly at (?P<mailbox>\S+)`),
		target.MailboxNameDiffers, 1, "the account's renames cannot be replicated: its mailboxes bear other names on the replica",
	}, {
		regexp.MustCompile(`SYNCERROR: guid mismatch: mailbox=<(?P<mailbox>[^>]+)> uid=<(?P<uid>\d+)>`),
		target.GUIDDiffers, 1, "both sides had given out one UID: both messages have got new ones",
	}, {
		// The same of 3.2.
		regexp.MustCompile(`SYNCERROR: guid mismatch (?P<mailbox>\S+) (?P<uid>\d+) \(`),
		target.GUIDDiffers, 1, "both sides had given out one UID: both messages have got new ones",
	}, {
		regexp.MustCompile(`SYNCERROR: mailbox uniqueid changed - retry: mailbox=<(?P<mailbox>[^>]+)>`),
		target.UniqueIDDiffers, 3, "another mailbox of that name is on the replica: one of them was made anew",
	}, {
		regexp.MustCompile(`assertion failed: `), target.ProcessCrashed, 1, hasCrashed,
	}, {
		regexp.MustCompile(`signaled to death by (?:(?:signal )?(?:[2-9]|1[0-46-9]|[2-6]\d)\b|[A-Z])`),
		target.ProcessCrashed, 1, hasCrashed,
	},
}
