package traffic_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// anew plays a ledger into one that nobody has asked yet, so that it has to work
// everything out from the first entry on.
func anew(l *traffic.Ledger) *traffic.Ledger {
	fresh := traffic.NewLedger(nil)
	var ids []int
	for _, e := range l.Entries() {
		ids = append(ids, fresh.Sent(e))
	}
	for i, e := range l.Entries() {
		errs := map[target.Outcome]error{target.Acknowledged: nil, target.Refused: refused, target.InDoubt: errCut}
		if err, answered := errs[e.Outcome]; answered {
			fresh.Answered(ids[i], e.AnsweredAt, err)
		}
	}
	for _, seen := range l.Sightings() {
		fresh.ReadBack(seen)
	}
	return fresh
}

func wantAsAnew(t *testing.T, l *traffic.Ledger) {
	t.Helper()
	fresh := anew(l)
	if got, want := l.Messages(), fresh.Messages(); !reflect.DeepEqual(got, want) {
		for i := range min(len(got), len(want)) {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("message %d is\n%+v and all over again\n%+v", i, got[i], want[i])
			}
		}
		t.Fatalf("%d messages, and all over again %d", len(got), len(want))
	}
	if got, want := l.Accounts(), fresh.Accounts(); !reflect.DeepEqual(got, want) {
		t.Fatalf("accounts are\n%+v and all over again\n%+v", got, want)
	}
}

// A ledger that is asked after each step says what one says that is asked once,
// also where mail was misfiled, a master has died, and names have changed.
func TestALedgerCarriedOnIsALedgerReplayed(t *testing.T) {
	accounts := []string{"alice", "bob"}
	for seed := range uint64(30) {
		users, ledger, p := newUsers(t, seed)
		work := func(operations int) {
			t.Helper()
			for range operations {
				if _, err := users.Work(t.Context(), accounts, 1, nil); err != nil {
					t.Fatal(err)
				}
				wantAsAnew(t, ledger)
			}
		}
		if _, err := users.Seed(t.Context(), accounts, 5, 30); err != nil {
			t.Fatal(err)
		}
		wantAsAnew(t, ledger)
		if _, err := users.Rules(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		work(10)
		// The replica is left behind, with the rules of before.
		if _, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
			t.Fatal(err)
		}
		work(10)
		if _, err := users.Rules(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		work(5)
		if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
			t.Fatal(err)
		}
		work(2)
		if err := p.Operator().Promote(t.Context(), target.Imap2); err != nil {
			t.Fatal(err)
		}
		work(15)
	}
}

// What is learned of a message after its mailbox was deleted changes what that
// deletion meant.
func TestALateSightingChangesWhatCameBefore(t *testing.T) {
	l := play(t, "create Lists\ncreate A\ndeliver m Lists\ndeliver n A\ndelete Lists\nrename A B")
	if m := l.Messages()[0]; m.Expunged != target.Acknowledged {
		t.Fatalf("deleted with its mailbox, it is %+v", m)
	}
	l.ReadBack(traffic.Sighting{Marker: "m", Account: "alice", Mailbox: "INBOX", BodySHA1: "x", At: at})
	l.ReadBack(traffic.Sighting{Marker: "n", Account: "alice", Mailbox: "B", BodySHA1: "y", At: at})
	wantAsAnew(t, l)
	if m := l.Messages()[0]; m.Expunged != "" || m.Mailbox != "INBOX" {
		t.Errorf("never having been in it, it is %+v", m)
	}
}

// What has no answer yet is in doubt, and settled once it has one.
func TestALedgerIsAskedAmidAnOperation(t *testing.T) {
	l := play(t, "deliver m INBOX")
	before := l.Messages()
	id := l.Sent(entry(traffic.OpExpunge, "m"))
	if got := l.Messages()[0].Expunged; got != target.InDoubt {
		t.Errorf("without an answer it is %q", got)
	}
	wantAsAnew(t, l)
	l.Answered(id, at, errors.New("cut"))
	l.Answered(l.Sent(entry(traffic.OpExpunge, "m")), at, nil)
	wantAsAnew(t, l)
	if got := l.Messages()[0].Expunged; got != target.Acknowledged || before[0].Expunged != "" {
		t.Errorf("it is %q, and was %q before", got, before[0].Expunged)
	}
}
