package target_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var date = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// account is a snapshot of an account with two mailboxes, changed by change.
func account(change func(*target.Snapshot)) target.Snapshot {
	s := target.Snapshot{
		Server: target.Imap1, Account: "alice", Level: target.LevelBody,
		Mailboxes: []target.Mailbox{
			{Name: "INBOX", UniqueID: "a1", UIDValidity: 7, LastUID: 3, HighestModSeq: 9, ACL: "alice lrswipkxtecda", Records: []target.Record{
				{UID: 1, GUID: "g1", Size: 10, InternalDate: date, ModSeq: 4, BodySHA1: "b1"},
				{UID: 3, GUID: "g3", Size: 30, InternalDate: date, ModSeq: 9, Flags: []string{`\Seen`}, BodySHA1: "b3"},
			}},
			{Name: "INBOX/Work", UniqueID: "a2", UIDValidity: 8},
		},
		Meta: target.Meta{Subscriptions: []string{"INBOX"}, Scripts: []target.Script{{Name: "s", GUID: "5c"}}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// Each change that a snapshot can show must be a difference, and no other.
func TestDiffSeesEachField(t *testing.T) {
	inbox := func(s *target.Snapshot) *target.Mailbox { return &s.Mailboxes[0] }
	first := func(s *target.Snapshot) *target.Record { return &s.Mailboxes[0].Records[0] }
	for _, tc := range []struct {
		change func(*target.Snapshot)
		want   string
	}{
		{func(s *target.Snapshot) { inbox(s).UniqueID = "b" }, "INBOX uniqueid: a1 | b"},
		{func(s *target.Snapshot) { inbox(s).UIDValidity++ }, "INBOX uidvalidity: 7 | 8"},
		{func(s *target.Snapshot) { inbox(s).LastUID++ }, "INBOX last_uid: 3 | 4"},
		{func(s *target.Snapshot) { inbox(s).HighestModSeq++ }, "INBOX highestmodseq: 9 | 10"},
		{func(s *target.Snapshot) { inbox(s).ACL = "" }, "INBOX acl: alice lrswipkxtecda | "},
		{func(s *target.Snapshot) { inbox(s).QuotaRoot = "q" }, "INBOX quotaroot:  | q"},
		{func(s *target.Snapshot) { first(s).GUID = "other" }, "INBOX UID 1 guid: g1 | other"},
		{func(s *target.Snapshot) { first(s).Size++ }, "INBOX UID 1 size: 10 | 11"},
		{func(s *target.Snapshot) { first(s).InternalDate = date.Add(time.Second) }, "INBOX UID 1 internaldate: 2026-01-05T08:00:00Z | 2026-01-05T08:00:01Z"},
		{func(s *target.Snapshot) { first(s).Flags = []string{"$F"} }, "INBOX UID 1 flags:  | $F"},
		{func(s *target.Snapshot) { first(s).ModSeq++ }, "INBOX UID 1 modseq: 4 | 5"},
		{func(s *target.Snapshot) { first(s).Expunged = true }, "INBOX UID 1 expunged: false | true"},
		{func(s *target.Snapshot) { first(s).BodySHA1 = target.NoBody }, "INBOX UID 1 body: b1 | none"},
		{func(s *target.Snapshot) { inbox(s).Records = inbox(s).Records[1:] }, "INBOX UID 1: message g1, 10 bytes, modseq 4 | absent"},
		{func(s *target.Snapshot) { s.Mailboxes = s.Mailboxes[:1] }, "INBOX/Work: present | absent"},
		{func(s *target.Snapshot) { s.Meta.Subscriptions = nil }, "account subscriptions: INBOX | "},
		{func(s *target.Snapshot) { s.Meta.Scripts[0].Active = true }, "account scripts: s 5c | s 5c active"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			diffs := target.Diff(account(nil), account(tc.change))
			if len(diffs) != 1 || diffs[0].String() != tc.want {
				t.Errorf("got %v, want only %q", diffs, tc.want)
			}
		})
	}
}

func TestDiffIgnores(t *testing.T) {
	for name, change := range map[string]func(*target.Snapshot){
		"the server":    func(s *target.Snapshot) { s.Server = target.Imap2 },
		"SYNC_CRC":      func(s *target.Snapshot) { s.Mailboxes[0].SyncCRC = "1" },
		"the time zone": func(s *target.Snapshot) { s.Mailboxes[0].Records[0].InternalDate = date.In(time.FixedZone("", 3600)) },
		"what lies deeper than the shallower of the two": func(s *target.Snapshot) {
			s.Level, s.Mailboxes[0].Records, s.Meta = target.LevelStatus, nil, target.Meta{}
		},
		"bodies at index level": func(s *target.Snapshot) { s.Level, s.Mailboxes[0].Records[0].BodySHA1 = target.LevelIndex, "" },
	} {
		if diffs := target.Diff(account(nil), account(change)); len(diffs) != 0 {
			t.Errorf("%s counts as a difference: %v", name, diffs)
		}
	}
}

func TestFormatDiffNamesBothSidesAndBoundsItsLength(t *testing.T) {
	a := account(nil)
	b := account(func(s *target.Snapshot) { s.Server, s.Mailboxes[0].Records = target.Imap2, nil })
	got := target.FormatDiff(a, b, target.Diff(a, b), 1)
	want := "alice: 2 differences between imap1 | imap2\n  INBOX UID 1: message g1, 10 bytes, modseq 4 | absent\n  … and 1 more\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := target.FormatDiff(a, a, nil, 0); !strings.Contains(got, "equal at body level") {
		t.Errorf("two equal snapshots: %q", got)
	}
}

func TestPairRecordsMeetsEachUIDOnce(t *testing.T) {
	list := func(uids ...uint32) (records []target.Record) {
		for _, uid := range uids {
			records = append(records, target.Record{UID: uid})
		}
		return records
	}
	type met struct{ A, B uint32 }
	var got []met
	target.PairRecords(list(1, 2, 5), list(2, 3, 5, 9), func(a, b *target.Record) {
		var m met
		if a != nil {
			m.A = a.UID
		}
		if b != nil {
			m.B = b.UID
		}
		got = append(got, m)
	})
	if diff := cmp.Diff([]met{{1, 0}, {2, 2}, {0, 3}, {5, 5}, {0, 9}}, got); diff != "" {
		t.Error(diff)
	}
}
