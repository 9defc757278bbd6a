package detect_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var now = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

type stoppedClock struct{}

func (stoppedClock) Now() time.Time                             { return now }
func (stoppedClock) Sleep(context.Context, time.Duration) error { return nil }

// inTurn runs tasks one after the other.
type inTurn struct{}

func (inTurn) Run(ctx context.Context, tasks ...func(context.Context) error) error {
	for _, task := range tasks {
		if err := task(ctx); err != nil {
			return err
		}
	}
	return nil
}

// side is a state that does not change.
type side struct {
	name  target.ServerName
	state target.Snapshot
	err   error
}

func (s side) Name() target.ServerName { return s.name }

func (s side) Snapshot(_ context.Context, account string, level target.Level) (target.Snapshot, error) {
	snap := s.state
	snap.Server, snap.Account, snap.Level = s.name, account, level
	return snap, s.err
}

func record(uid uint32, guid string, modseq uint64) target.Record {
	return target.Record{UID: uid, GUID: guid, ModSeq: modseq, InternalDate: now}
}

func tombstone(uid uint32, guid string, modseq uint64) target.Record {
	r := record(uid, guid, modseq)
	r.Expunged = true
	return r
}

func inbox(lastUID uint32, records ...target.Record) target.Mailbox {
	m := target.Mailbox{Name: "INBOX", UniqueID: "u", UIDValidity: 1, LastUID: lastUID, Records: records}
	for _, r := range records {
		m.HighestModSeq = max(m.HighestModSeq, r.ModSeq)
	}
	return m
}

func state(mailboxes ...target.Mailbox) target.Snapshot { return target.Snapshot{Mailboxes: mailboxes} }

func compare(t *testing.T, imap1, imap2 target.Snapshot) []detect.Finding {
	t.Helper()
	found, err := detect.IndexCompare{}.Detect(t.Context(), detect.Scene{
		Clock: stoppedClock{}, Executor: inTurn{}, Accounts: []string{"alice"},
		Sides: []detect.Side{side{name: target.Imap1, state: imap1}, side{name: target.Imap2, state: imap2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Running servers whose indexes come record by record are no others.
	streams := [2]flowing{{kept: &kept{mailboxes: imap1.Mailboxes, meta: imap1.Meta}}, {kept: &kept{mailboxes: imap2.Mailboxes, meta: imap2.Meta}}}
	flowed, err := newLooker(t).compare(t.Context(), "", streams[0], streams[1])
	must(t, err)
	if diff := cmp.Diff(found, flowed, cmpopts.IgnoreFields(detect.Finding{}, "FoundAt"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("in lockstep:\n%s", diff)
	}
	return found
}

func keys(found []detect.Finding) []string {
	all := make([]string, len(found))
	for i, f := range found {
		all[i] = strings.TrimPrefix(f.Key(), "index-compare|")
	}
	return all
}

// Each row is one way in which the right side can be told, or cannot.
func TestIndexCompareSaysWhichSideIsRight(t *testing.T) {
	flagged := record(1, "a", 5)
	flagged.Flags = []string{`\Seen`}
	dated := record(1, "a", 5)
	dated.InternalDate = now.Add(time.Hour)
	for _, tc := range []struct {
		name         string
		imap1, imap2 target.Snapshot
		want         []string
	}{
		{"equal sides", state(inbox(1, record(1, "a", 3))), state(inbox(1, record(1, "a", 3))), []string{}},
		{
			"never replicated: above the other's LAST_UID",
			state(inbox(2, record(1, "a", 3), record(2, "b", 4))), state(inbox(1, record(1, "a", 3))),
			[]string{"message-missing|imap2|alice|INBOX|2||imap1"},
		},
		{
			"deleted and expired, or lost: at or below LAST_UID",
			state(inbox(2, record(1, "a", 3), record(2, "b", 4))), state(inbox(2, record(2, "b", 4))),
			[]string{"message-missing|imap2|alice|INBOX|1||"},
		},
		{
			"deleted and expired, or lost: at LAST_UID itself",
			state(inbox(2, record(1, "a", 3), record(2, "b", 4))), state(inbox(2, record(1, "a", 3))),
			[]string{"message-missing|imap2|alice|INBOX|2||"},
		},
		{
			"an expunge that was never replicated",
			state(inbox(1, tombstone(1, "a", 7))), state(inbox(1, record(1, "a", 3))),
			[]string{"expunge-missing|imap2|alice|INBOX|1||imap1"},
		},
		{
			"a tombstone that something has written over since",
			state(inbox(1, tombstone(1, "a", 7))), state(inbox(1, record(1, "a", 9))),
			[]string{"expunge-missing|imap2|alice|INBOX|1||"},
		},
		{
			"came and went unseen by the other side",
			state(inbox(2, record(1, "a", 3), tombstone(2, "b", 5))), state(inbox(1, record(1, "a", 3))),
			[]string{"tombstone-missing|imap2|alice|INBOX|2||imap1"},
		},
		{
			"one UID, two messages",
			state(inbox(1, record(1, "a", 3))), state(inbox(1, record(1, "b", 3))),
			[]string{"guid-differs|imap2|alice|INBOX|1||"},
		},
		{
			"flags set on the second side alone",
			state(inbox(1, record(1, "a", 3))), state(inbox(1, flagged)),
			[]string{"flags-differ|imap1|alice|INBOX|1||imap2"},
		},
		{
			"another date with the same modseq",
			state(inbox(1, record(1, "a", 5))), state(inbox(1, dated)),
			[]string{"internaldate-differs|imap2|alice|INBOX|1||"},
		},
		{
			"nothing but a modseq",
			state(inbox(1, record(1, "a", 5))), state(inbox(1, record(1, "a", 3))),
			[]string{"modseq-differs|imap2|alice|INBOX|1||imap1"},
		},
		{
			"a mailbox on one side",
			state(), state(inbox(0)),
			[]string{"mailbox-missing|imap1|alice|INBOX|0||imap2"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, keys(compare(t, tc.imap1, tc.imap2))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIndexCompareSeesWhatIsNotARecord(t *testing.T) {
	plain := state(inbox(1, record(1, "a", 3)))
	for want, change := range map[string]func(*target.Snapshot){
		"uidvalidity-differs|imap2|alice|INBOX|0||":   func(s *target.Snapshot) { s.Mailboxes[0].UIDValidity = 2 },
		"uniqueid-differs|imap2|alice|INBOX|0||":      func(s *target.Snapshot) { s.Mailboxes[0].UniqueID = "v" },
		"acl-differs|imap2|alice|INBOX|0||":           func(s *target.Snapshot) { s.Mailboxes[0].ACL = "bob lr" },
		"quotaroot-differs|imap2|alice|INBOX|0||":     func(s *target.Snapshot) { s.Mailboxes[0].QuotaRoot = "q" },
		"modseq-differs|imap2|alice|INBOX|0||":        func(s *target.Snapshot) { s.Mailboxes[0].HighestModSeq++ },
		"subscription-differs|imap2|alice||0||":       func(s *target.Snapshot) { s.Meta.Subscriptions = []string{"INBOX"} },
		"last-uid-differs|imap1|alice|INBOX|0||imap2": func(s *target.Snapshot) { s.Mailboxes[0].LastUID = 2 },
		"last-uid-differs|imap2|alice|INBOX|0||imap1": func(s *target.Snapshot) { s.Mailboxes[0].LastUID = 0 },
		"quota-differs|imap2|alice||0||":              func(s *target.Snapshot) { s.Meta.OtherLimits = map[string]uint64{"MESSAGE": 5} },
		"script-differs|imap2|alice||0|rules|":        func(s *target.Snapshot) { s.Meta.Scripts = []target.Script{{Name: "rules", GUID: "g"}} },
	} {
		changed := state(inbox(1, record(1, "a", 3)))
		change(&changed)
		if diff := cmp.Diff([]string{want}, keys(compare(t, plain, changed))); diff != "" {
			t.Errorf("%s: %s", want, diff)
		}
	}
}

// Every kind that the detector claims is shown to be found by one of the rows
// above, so a claim cannot be added without its test.
func TestIndexCompareClaimsWhatIsTested(t *testing.T) {
	tested := []target.Kind{
		"message-missing", "expunge-missing", "tombstone-missing", "guid-differs", "flags-differ", "internaldate-differs",
		"modseq-differs", "uidvalidity-differs", "uniqueid-differs", "mailbox-missing", "acl-differs", "quotaroot-differs", "subscription-differs", "script-differs",
		"mailbox-name-differs", "mailbox-deletion-missing", "annotations-differ", "quota-differs", "seen-differs", "last-uid-differs",
	}
	claims := detect.IndexCompare{}.Promise().Kinds
	slices.Sort(tested)
	slices.Sort(claims)
	if diff := cmp.Diff(tested, claims); diff != "" {
		t.Error(diff)
	}
}

func TestIndexCompareSaysWhatItCouldNotRead(t *testing.T) {
	broken := errors.New("NO IMAP_MAILBOX_BADFORMAT")
	_, err := detect.IndexCompare{}.Detect(t.Context(), detect.Scene{
		Clock: stoppedClock{}, Executor: inTurn{}, Accounts: []string{"alice"},
		Sides: []detect.Side{side{name: target.Imap1}, side{name: target.Imap2, err: broken}},
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "imap1 and imap2") {
		t.Errorf("got %v", err)
	}
}
