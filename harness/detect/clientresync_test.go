package detect_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// A replica that has lost a tombstone tells a client that was away nothing of the message,
// and one that has lost a change nothing of that. One that has forgotten its tombstones
// properly tells enough.
func TestClientCachesAsksWhatClientsAreTold(t *testing.T) {
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	clientsAreMisled(t, pair)
}

func TestClientCachesAsksRealServersWhatClientsAreTold(t *testing.T) {
	clientsAreMisled(t, cyrustest.Pair(t, target.Spec{Accounts: accounts}))
}

func clientsAreMisled(t *testing.T, pair target.Pair) {
	t.Helper()
	inbox := []fault.ChosenMailbox{{Account: "alice", Mailbox: "INBOX"}}
	hurt := func(f fault.Fault, on target.ServerName) func(*testing.T) {
		return func(t *testing.T) {
			instance, err := f.Inject(t.Context(), fault.Scene{Pair: pair, On: on, Accounts: accounts, Mailboxes: inbox})
			if err != nil {
				t.Fatal(err)
			}
			if report, err := instance.Look(t.Context()); err != nil || !report.Evidence.Landed() {
				t.Fatalf("it did not land: %v", err)
			}
		}
	}
	wrong := []string{"client-caches-wrong INBOX of alice on imap2 right: "}
	for name, tc := range map[string]struct {
		do   func(*testing.T)
		want []string
	}{
		"nothing":                         {func(*testing.T) {}, []string{}},
		"the replica lost a tombstone":    {hurt(fault.TombstoneLost{}, target.Imap2), wrong},
		"the old master lost a tombstone": {hurt(fault.TombstoneLost{}, target.Imap1), []string{}},
		"the replica has other flags":     {hurt(fault.FlagsChanged{}, target.Imap2), wrong},
		"the replica lost a record":       {hurt(fault.IndexRecordWiped{}, target.Imap2), wrong},
		"tombstones forgotten on the replica": {func(t *testing.T) {
			if _, err := pair.Operator().Expire(t.Context(), target.Imap2); err != nil {
				t.Fatal(err)
			}
		}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := pair.Reset(t.Context(), accounts); err != nil {
				t.Fatal(err)
			}
			for range 4 {
				deliverTo(t, pair, "alice")
			}
			master := session(t, pair, target.Imap1)
			if err := master.Expunge(t.Context(), "INBOX", []uint32{2}); err != nil {
				t.Fatal(err)
			}
			// The mailbox goes on, so that its counters hide what is lost.
			if err := master.SetFlags(t.Context(), "INBOX", []uint32{4}, []string{`\Flagged`}, nil); err != nil {
				t.Fatal(err)
			}
			_ = master.Close()
			replicated(t, pair)
			tc.do(t)
			found, err := look(t.Context(), pair, detect.ClientCaches{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, brief(found)); diff != "" {
				t.Errorf("%v\n%s", found, diff)
			}
		})
	}
}

// What a server tells is held against what is there, field by field: a server that says
// too little is one that misleads its clients.
func TestWhatClientsGoOnWith(t *testing.T) {
	records := []target.Record{{UID: 1, GUID: "a", ModSeq: 5}, {UID: 2, GUID: "b", ModSeq: 6, Flags: []string{`\Seen`}}, {UID: 4, GUID: "d", ModSeq: 9}}
	with := func(third target.Record) []target.Record { return slices.Insert(slices.Clone(records), 2, third) }
	inbox := target.Mailbox{Name: "INBOX", UniqueID: "u", UIDValidity: 1, LastUID: 4, HighestModSeq: 9, Records: records}
	for name, tc := range map[string]struct {
		old  func(*target.Mailbox)
		told target.Resync
		want string
	}{
		"the same": {func(*target.Mailbox) {}, target.Resync{}, ""},
		"a ghost": {
			func(m *target.Mailbox) {
				m.Records = with(target.Record{UID: 3, GUID: "c", ModSeq: 7})
			}, target.Resync{},
			"a client that was up to date and takes its cache up by QRESYNC goes on showing UIDs [3], which are not there",
		},
		"a ghost that it is told of": {
			func(m *target.Mailbox) {
				m.Records = with(target.Record{UID: 3, GUID: "c", ModSeq: 7})
			},
			target.Resync{Vanished: []target.UIDRange{{First: 3, Last: 3}}}, "",
		},
		"hidden": {
			func(m *target.Mailbox) { m.Records = records[1:] }, target.Resync{},
			"a client that was up to date and takes its cache up by QRESYNC does not show UIDs [1], which are there",
		},
		"hidden, and told of": {
			func(m *target.Mailbox) { m.Records = records[1:] }, target.Resync{Changed: records[:1]}, "",
		},
		"said to have vanished": {
			func(*target.Mailbox) {}, target.Resync{Vanished: []target.UIDRange{{First: 4, Last: 9}}},
			"a client that was up to date and takes its cache up by QRESYNC does not show UIDs [4], which are there",
		},
		"other flags": {
			func(m *target.Mailbox) {
				m.Records = []target.Record{records[0], {UID: 2, GUID: "b", ModSeq: 6}, records[2]}
			}, target.Resync{},
			"a client that was up to date and takes its cache up by QRESYNC shows other flags of UIDs [2]",
		},
		"other flags, and told of": {
			func(m *target.Mailbox) {
				m.Records = []target.Record{records[0], {UID: 2, GUID: "b", ModSeq: 6}, records[2]}
			},
			target.Resync{Changed: records[1:2]}, "",
		},
		"told of other flags": {
			func(*target.Mailbox) {}, target.Resync{Changed: []target.Record{{UID: 1, Flags: []string{`\Draft`}}}},
			"a client that was up to date and takes its cache up by QRESYNC shows other flags of UIDs [1]",
		},
		"a tombstone that only the old master has": {
			func(m *target.Mailbox) { m.Records = with(target.Record{UID: 3, ModSeq: 8, Expunged: true}) }, target.Resync{},
			"a client that was away and takes its cache up by QRESYNC goes on showing UIDs [3], which are not there",
		},
	} {
		t.Run(name, func(t *testing.T) {
			pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
			if err != nil {
				t.Fatal(err)
			}
			old := inbox
			tc.old(&old)
			tc.told.UIDValidity, tc.told.HighestModSeq = 1, 9
			found, err := detect.ClientCaches{}.Detect(t.Context(), detect.Scene{
				Clock: stoppedClock{}, Executor: inTurn{}, Accounts: []string{"alice"},
				Sides: []detect.Side{
					side{name: target.Imap1, state: target.Snapshot{Server: target.Imap1, Mailboxes: []target.Mailbox{old}}},
					detect.LiveSide(telling{pair.Server(target.Imap2), inbox, tc.told}),
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			if len(found) > 0 {
				said = found[0].Evidence
			}
			if len(found) > 1 || said != tc.want {
				t.Errorf("found %v, want %q", found, tc.want)
			}
		})
	}
}

// telling is a server that has this mailbox, and tells clients this.
type telling struct {
	target.Server
	inbox target.Mailbox
	told  target.Resync
}

func (s telling) Index() target.IndexView { return tellingIndex{s.Server.Index(), s.inbox} }
func (s telling) User() target.UserView   { return tellingUser{s.Server.User(), s.told} }

type tellingIndex struct {
	target.IndexView
	inbox target.Mailbox
}

func (x tellingIndex) Mailboxes(context.Context, string) ([]target.Mailbox, error) {
	return []target.Mailbox{x.inbox}, nil
}

func (x tellingIndex) Mailbox(context.Context, string, string) (target.Mailbox, error) {
	return x.inbox, nil
}

type tellingUser struct {
	target.UserView
	told target.Resync
}

func (u tellingUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return tellingSession{session, u.told}, err
}

type tellingSession struct {
	target.Session
	told target.Resync
}

func (s tellingSession) Resync(context.Context, string, target.Known) (target.Resync, error) {
	return s.told, nil
}
