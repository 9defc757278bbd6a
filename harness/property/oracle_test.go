package property_test

import (
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// frozen has one message live on the old master (UID 1), one with a tombstone
// (2), one on the replica alone below LAST_UID (3), and one above it (9); and
// mailboxes that the old master deleted, does not have, and cannot read.
func frozen() *property.Frozen {
	const guid = "sha1 of kept"
	alone := []target.Record{{UID: 3, GUID: guid}}
	return &property.Frozen{Master: target.Imap1, Accounts: map[target.ServerName]map[string]property.FrozenAccount{
		target.Imap1: {"alice": {
			Mailboxes: []target.Mailbox{{Name: "INBOX", UniqueID: "u", LastUID: 5, Records: []target.Record{
				{UID: 1, GUID: guid}, {UID: 2, GUID: guid, Expunged: true}, {UID: 4, GUID: "another"},
			}}},
			Deleted: []string{"deleted"}, Unreadable: []string{"INBOX/Damaged"},
		}},
		target.Imap2: {"alice": {
			Mailboxes: []target.Mailbox{
				{Name: "INBOX", UniqueID: "u", LastUID: 9, Records: []target.Record{
					{UID: 1, GUID: guid}, {UID: 2, GUID: guid}, {UID: 3, GUID: guid}, {UID: 4, GUID: guid}, {UID: 5, GUID: guid, Expunged: true}, {UID: 9, GUID: guid},
				}},
				{Name: "INBOX/Deleted", UniqueID: "deleted", LastUID: 9, Records: alone},
				{Name: "INBOX/New", UniqueID: "new", LastUID: 9, Records: alone},
				{Name: "INBOX/Damaged", UniqueID: "damaged", LastUID: 9, Records: alone},
			},
		}},
	}}
}

func TestOracle(t *testing.T) {
	for _, c := range []struct {
		mailbox   string
		uid       uint32
		decidable bool
		why       string
	}{
		{"INBOX", 1, true, "live on imap1"},
		{"INBOX", 2, true, "tombstone"},
		{"INBOX", 3, false, "UID 3 is not above LAST_UID 5: expired, or lost"},
		{"INBOX", 4, true, "UID 4 is another message on imap1"},
		{"INBOX", 5, true, "tombstone"}, // on the replica
		{"INBOX", 9, true, "above LAST_UID 5"},
		{"INBOX", 8, true, "neither side"},
		{"INBOX/Deleted", 3, true, "its mailbox was deleted"},
		{"INBOX/New", 3, false, "did not have its mailbox"},
		{"INBOX/Damaged", 3, false, "could not be read"},
		{"INBOX/Unheard", 3, true, "neither side"},
	} {
		got := frozen().Decide(property.Case{Account: "alice", Mailbox: c.mailbox, GUID: "sha1 of kept", UID: c.uid})
		if got.Decidable != c.decidable || !strings.Contains(got.Why, c.why) {
			t.Errorf("UID %d in %s: %+v, want %v: %q", c.uid, c.mailbox, got, c.decidable, c.why)
		}
	}
	// By the mailbox's unique id, and without a UID.
	got := frozen().Decide(property.Case{Account: "alice", UniqueID: "new", GUID: "sha1 of kept"})
	if got.Decidable {
		t.Errorf("by unique id: %+v", got)
	}
}

// flagged is a freeze in which two mailboxes of the replica have one message each of
// the same bytes, UID 1, and the old master has them with these flags.
func flagged(first, second []string) *property.Frozen {
	box := func(name string, flags ...string) target.Mailbox {
		return target.Mailbox{Name: name, UniqueID: "id of " + name, LastUID: 1, Records: []target.Record{{UID: 1, GUID: "sha1 of m", Flags: flags}}}
	}
	side := func(mailboxes ...target.Mailbox) map[string]property.FrozenAccount {
		return map[string]property.FrozenAccount{"alice": {Mailboxes: mailboxes}}
	}
	return &property.Frozen{Master: target.Imap1, Accounts: map[target.ServerName]map[string]property.FrozenAccount{
		target.Imap1: side(box("INBOX/A", first...), box("INBOX/B", second...)),
		target.Imap2: side(box("INBOX/A", "old"), box("INBOX/B", "old"), target.Mailbox{Name: "INBOX", UniqueID: "u"}),
	}}
}

func TestOracleOfFlags(t *testing.T) {
	gone := flagged(nil, nil)
	records := gone.Accounts[target.Imap1]["alice"].Mailboxes[1].Records
	records[0].Expunged = true
	third := flagged([]string{"old", "new"}, []string{"old", "new"})
	alone := target.Record{UID: 2, GUID: "sha1 of m", Flags: []string{"new"}}
	unsent := &third.Accounts[target.Imap1]["alice"].Mailboxes[0]
	unsent.Records = append(unsent.Records, alone)
	for _, c := range []struct {
		name      string
		frozen    *property.Frozen
		mailbox   string
		uid       uint32
		flag      string
		decidable bool
	}{
		{"a copy of either, of which one was flagged", flagged([]string{"old", `\Seen`}, []string{"old"}), "INBOX", 1, `\seen`, false},
		{"another flag of it", flagged([]string{"old", `\Seen`}, []string{"old"}), "INBOX", 1, "old", true},
		{"a copy of either, and both were flagged", flagged([]string{"old", "new"}, []string{"old", "new"}), "INBOX", 1, "new", true},
		{"a flag that was taken from one", flagged(nil, []string{"old"}), "INBOX", 1, "old", false},
		{"a flag that was taken from one, and the other is gone", gone, "INBOX", 1, "old", false},
		{"the one that was flagged itself", flagged([]string{"old", "new"}, []string{"old"}), "INBOX/A", 1, "new", true},
		{"a copy beside it", flagged([]string{"old", "new"}, []string{"old"}), "INBOX/A", 2, "new", false},
		{"nothing was changed", flagged([]string{"old"}, []string{"old"}), "INBOX", 1, "old", true},
		{"a copy of either, both were flagged, or of a third that was brought back", third, "INBOX", 1, "new", false},
	} {
		got := c.frozen.DecideFlag(property.Case{Account: "alice", Mailbox: c.mailbox, GUID: "sha1 of m", UID: c.uid}, c.flag)
		if got.Decidable != c.decidable {
			t.Errorf("%s: %+v, want %v", c.name, got, c.decidable)
		}
	}
}

// To take away what the evidence leaves open is to decide that its user had deleted it.
func TestExpungesOfARestoreAreHeldAgainstTheEvidence(t *testing.T) {
	for uid, want := range map[uint32]property.Verdict{1: property.Pass, 2: property.Pass, 3: property.Fail, 9: property.Pass} {
		scene := property.Scene{Promises: promises(), Mail: mail(map[string]*property.ReadMailbox{"INBOX": intact()}), Frozen: frozen()}
		scene.Reported.Expunged = []property.Doubtful{{Account: "alice", Mailbox: "INBOX", GUID: "sha1 of kept", UID: uid}}
		got := property.NoResurrection{}.Check(scene)
		if got.Verdict != want {
			t.Errorf("UID %d: %s, want %s: %+v", uid, got.Verdict, want, got.Violations)
		}
	}
}
