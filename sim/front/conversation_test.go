package front_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front/fronttest"
)

// A real sync_client's conversation with a real replica (3.6.1), to which the simulated
// one says the same, checksums included: appends, flags, a keyword, an expunge, a
// rename, a deletion, scripts, rights, annotations, a quota, a subscription, and what
// was seen of another's mailbox.
func TestRepliesAsARealReplica(t *testing.T) {
	recorded, err := os.ReadFile("testdata/sync_client.txt")
	must(t, err)
	w := newWorld(t)
	lines := strings.Split(strings.TrimSuffix(string(recorded), "\n"), "\n")
	if compared := fronttest.Converse(t, w.dialer(t, target.Imap2), lines); compared < 50 {
		t.Errorf("only %d lines were compared", compared)
	}
}

func TestRefusesAsCyrusDoes(t *testing.T) {
	for name, lines := range fronttest.Refusals() {
		t.Run(name, func(t *testing.T) { fronttest.Converse(t, newWorld(t).dialer(t, target.Imap2), lines) })
	}
}

// Scripts by commands of their own, from a client that was not offered mail.
func TestScriptsByTheirFiles(t *testing.T) {
	const success = "S: OK success"
	const put = "C: APPLY SIEVE %(USERID alice FILENAME rules.script LAST_UPDATE 9 CONTENT {7+}"
	w := newWorld(t, "alice")
	told := fmt.Sprintf("S: * SIEVE %%(FILENAME rules.script LAST_UPDATE %d GUID b2dd3f554458b386d6bff783949208105c5fab1c ISACTIVE 0)", w.pair.Clock().Now().Unix())
	fronttest.Converse(t, w.dialer(t, target.Imap2, sim.WithoutSieveMailbox()), []string{
		"connect", "C: APPLY CAPABILITIES (SIEVE-MAILBOX)", "S: * ENABLED ()", success,
		put, "C: keep;", "C: )", success, "C: GET META alice", told, success,
		"C: APPLY ACTIVATE_SIEVE %(USERID alice FILENAME rules.bc)", success,
		"C: GET META alice", told, "S: * SIEVE %(FILENAME rules.bc LAST_UPDATE 0 GUID 0000000000000000000000000000000000000000 ISACTIVE 1)", success,
		"C: GET FETCH_SIEVE %(USERID alice FILENAME rules.script)", "S: * SIEVE %(USERID alice FILENAME rules.script CONTENT {7}", "S: keep;", "S: )", success,
		"C: APPLY UNACTIVATE_SIEVE %(USERID alice)", success, "C: GET META alice", told, success,
		"C: APPLY UNSIEVE %(USERID alice FILENAME rules.script)", success, "C: GET META alice", success,
		"C: APPLY SIEVE %(USERID alice FILENAME bad.script LAST_UPDATE 9 CONTENT nonsense)", "S: NO IMAP_SYNC_BADSIEVE Sieve script compilation failure",
	})
}

// What is reserved for as long as it is what it should be, and mailboxes by unique ID.
func TestExchangesAsCyrusDoes(t *testing.T) {
	for name, lines := range fronttest.Exchanges() {
		t.Run(name, func(t *testing.T) { fronttest.Converse(t, newWorld(t).dialer(t, target.Imap2), lines) })
	}
}

// What versions of Cyrus differ in, the model of each says as it does.
func TestSaysWhatEachVersionSays(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		for name, lines := range fronttest.OfSuite(suite) {
			t.Run(suite+": "+name, func(t *testing.T) {
				fronttest.Converse(t, newWorldOf(t, suite).dialer(t, target.Imap2), lines)
			})
		}
	}
}
