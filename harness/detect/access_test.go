package detect_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// An INBOX that has gone from the list would be made anew, empty, by the login of
// whoever looks: access says that it is not there, and leaves it so.
func TestAccessMakesNoInbox(t *testing.T) {
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice", "bob"}})
	if err != nil {
		t.Fatal(err)
	}
	saboteur := p.Saboteur().(target.ListSaboteur)
	if _, err := saboteur.RemoveEntry(t.Context(), target.Imap1, "alice", "INBOX"); err != nil {
		t.Fatal(err)
	}
	master := p.Server(target.Imap1)
	scene := detect.Scene{
		Clock: p.Clock(), Executor: p.Executor(), Accounts: []string{"alice", "bob"}, Master: target.Imap1,
		Sides: []detect.Side{detect.LiveSide(master)},
	}
	found, err := detect.Access{}.Detect(t.Context(), scene)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mailbox-unreadable alice on imap1 right: "}, brief(found)); diff != "" {
		t.Error(diff)
	}
	if listed, err := master.User().Listed(t.Context(), "alice"); err != nil || len(listed) > 0 {
		t.Errorf("alice has %v on the list now, %v", listed, err)
	}
}

// What bob cannot open of alice's is told once: as alice's own.
func TestAccessTellsOfAMailboxOnce(t *testing.T) {
	p := furnished(t)
	breakBy(t, p, "index-truncated", target.Imap2, "alice")
	found, err := look(t.Context(), p, detect.Access{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mailbox-unreadable INBOX of alice on imap2 right: "}, brief(found)); diff != "" {
		t.Error(diff)
	}
}

// A server that refuses to tell of one account hides nothing of the others.
func TestDetectorsGoOnWithTheOtherAccounts(t *testing.T) {
	p := furnished(t)
	breakBy(t, p, "index-record-damaged", target.Imap1, "alice")
	breakBy(t, p, "quota-root-wrong", target.Imap2, "bob")
	found, err := look(t.Context(), p, detect.IndexCompare{}, detect.BodyCompare{}, detect.ScriptCompare{}, detect.ClientCaches{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mailbox-unreadable alice on imap1 right: ", "quotaroot-differs INBOX of bob on imap2 right: imap1"} {
		if !slices.Contains(brief(found), want) {
			t.Errorf("no %q, but %q", want, brief(found))
		}
	}
}
