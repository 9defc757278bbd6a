package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// version is the Cyrus that a pair behaves as: its number, and the differences
// between versions that plans have shown on real servers. What is not named here
// is alike in all of them.
type version struct {
	cyrus string
	// build is what Debian's lmtpd calls itself in the Received field of what it
	// delivers: its length counts against a quota.
	build string
	// overQuotaCode is the response code of an APPEND, COPY or MOVE for which the
	// quota has no room. 3.10 gives one (RFC 9208), 3.6 none; seen by random plans.
	overQuotaCode string
	// renameInboxCrashes: RENAME of an INBOX makes the new mailbox, and then imapd
	// dies of SIGSEGV, with the mail still in the INBOX (upstream's 8bd6d75dc9).
	// 3.6 does, 3.10 does not; seen by rename-inbox-crashes and rename-inbox.
	renameInboxCrashes bool
	// linksUnchecked: what is appended or delivered is linked to the file of a message
	// that the account has already, by the GUID that is recorded of that, whatever has
	// become of the file. 3.6 does; 3.10 looks at the file first (upstream's
	// 86d5949f23); seen by damage-spreads and damage-does-not-spread.
	linksUnchecked bool
	// straysConversations: after sync_reset, or where its entry was lost, the conversations
	// of what comes with the INBOX are noted where nobody looks for them. 3.6 does, 3.10 does
	// not; seen by reset-apart and mailboxes-db-entry-deleted-replica.
	straysConversations bool
	// asksByPattern: GET ANNOTATION takes the name of a mailbox for a pattern of names as
	// an administrator sees them, so it finds user/x where user.x is meant. 3.6 does, 3.10
	// takes internal names, as all else in the protocol; seen by TestRealServerSaysWhatItsVersionSays.
	asksByPattern bool
	// scriptsWithoutInboxCrash: sync_server dies of SIGSEGV as it is to make #sieve for an
	// account that has no INBOX. 3.10 does; 3.6 refuses, as it does other mailboxes of such
	// an account; seen by scripts-before-inbox.
	scriptsWithoutInboxCrash bool
	// unmadeCrash: whoever cannot make a mailbox, because the disk takes no writes, dies by
	// an assertion as it takes the mailbox's entry back. 3.10 does; 3.6 says that there was
	// an I/O error; seen by create-read-only and create-read-only-crashes.
	unmadeCrash bool
	// rightsIntoHeaderFirst: SETACL writes cyrus.header before mailboxes.db, so that a
	// disk without room lets nothing of it be done. 3.10 does, 3.6 the other way round;
	// seen by header-on-full.
	rightsIntoHeaderFirst bool
	// missesFolders: ctl_mboxlist -v looks for directories by mailboxes' names, finds none,
	// and says so of each. 3.6 does, 3.10 says so of those that are gone; seen by
	// list-checked and list-checked-rightly.
	missesFolders bool
	// foldersByName: folders bear the names of mailboxes and not their unique IDs, and
	// nobody looks at the files of such a server yet. 3.2 does; seen by any plan.
	foldersByName bool
	// scriptsApart: scripts are files of their own, and no mail: no mailbox that holds them
	// is listed, none counts against a quota, a change of one is noted as META, its GUID is
	// what its file is, and nobody who only looks removes bytecode. 3.2 does; seen by
	// script-compiled-stale, script-under-quota, script-source-overwritten and bytecode-tidied.
	scriptsApart bool
	// looksSeldom: sync_client looks for a replica that is down after 15 seconds, then after
	// 30 and so on, and logs nothing; sync_reconnect_maxwait is none of its settings. 3.2
	// does; seen by replica-down.
	looksSeldom bool
	// renamesByMailbox: a rename is noted as a change of both mailboxes, and an append to
	// the new one. 3.2 does, the others have a note for renames; seen by names-swapped.
	renamesByMailbox bool
	// othersSeenUncounted: \Seen of a mailbox of others' changes no modseq. 3.2 does, the
	// others count it as a change of the message; seen by seen-truncated.
	othersSeenUncounted bool
	// oneWayAsks: sync_client -O does not tell the replica to take what it would refuse.
	// 3.2 does not, the others do; seen by sent-one-way and sent-one-way-asking.
	oneWayAsks bool
}

// defaultSuite is the Debian suite whose Cyrus is modelled where none is asked for.
const defaultSuite = "bookworm"

// versions are the Debian suites whose Cyrus is modelled.
func versions() map[string]version {
	return map[string]version{
		"bullseye": {cyrus: "3.2.6", build: "3.2.6-Debian-3.2.6-2+deb11u2", linksUnchecked: true, asksByPattern: true, foldersByName: true, scriptsApart: true, looksSeldom: true, renamesByMailbox: true, othersSeenUncounted: true, oneWayAsks: true},
		"bookworm": {cyrus: "3.6.1", build: "3.6.1-Debian-3.6.1-4+deb12u5", renameInboxCrashes: true, linksUnchecked: true, straysConversations: true, asksByPattern: true, missesFolders: true},
		"trixie":   {cyrus: "3.10.2", build: "3.10.2-Debian-3.10.2-1+deb13u2", overQuotaCode: "OVERQUOTA", scriptsWithoutInboxCrash: true, unmadeCrash: true, rightsIntoHeaderFirst: true},
	}
}

func versionOf(suite string) (version, error) {
	if suite == "" {
		suite = defaultSuite
	}
	known := versions()
	if v, ok := known[suite]; ok {
		return v, nil
	}
	suites := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
	return version{}, &target.SetupError{
		Problem: fmt.Sprintf("the simulator behaves as the Cyrus of %s, not of %s", suites, suite),
		Mend:    "run the plan on real servers: --target docker",
	}
}
