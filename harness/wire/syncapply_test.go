package wire

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

const guidA = "764c16af46dd4f15edb05ecc5595b50cbe3714ea" // of "a", CRLF

func applied() SyncMailbox {
	made := time.Unix(1700000000, 0)
	return SyncMailbox{
		UniqueID: "u1", Name: "user.alice.K&APY-ln", LastUID: 1, HighestModSeq: 7, UIDValidity: 1700000000,
		ACL: "alice\tlrs\t", QuotaRoot: "user.alice", LastAppended: made, CreatedModSeq: 6, FolderModSeq: 6,
		Annotations: []SyncAnnotation{{Entry: "/comment", UserID: "alice", Value: "für mich"}},
		Records: []SyncRecord{{
			UID: 1, ModSeq: 7, LastUpdated: made, Flags: []string{`\Seen`, "$Kw"}, InternalDate: made, Size: 3, GUID: guidA,
			Annotations: []SyncAnnotation{{Entry: "/x", Value: "1"}},
		}},
	}
}

// heardApplied is what the server must hear of applied().
var heardApplied = []string{
	"C: APPLY MAILBOX %(UNIQUEID u1 MBOXNAME user.alice.K&APY-ln SYNC_CRC 0 LAST_UID 1 HIGHESTMODSEQ 7" +
		" RECENTUID 0 RECENTTIME 0 LAST_APPENDDATE 1700000000 POP3_LAST_LOGIN 0 XCONVMODSEQ 7 UIDVALIDITY 1700000000" +
		" PARTITION default ACL \"alice\tlrs\t\" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 6 FOLDERMODSEQ 6" +
		" ANNOTATIONS (%(ENTRY /comment USERID alice MODSEQ 0 VALUE {9+}",
	"C: für mich)) RECORD (%(UID 1 MODSEQ 7 LAST_UPDATED 1700000000 FLAGS (\\Seen $Kw) INTERNALDATE 1700000000 SIZE 3" +
		" GUID " + guidA + ` ANNOTATIONS (%(ENTRY /x USERID "" MODSEQ 0 VALUE 1)))))`,
}

var heardMessages = []string{
	"C: APPLY MESSAGE (%{default " + guidA + " 3}", "C: a",
	"C:  %{default da39a3ee5e6b4b0d3255bfef95601890afd80709 0}", "C: )",
}

func TestSyncApplies(t *testing.T) {
	withSync(t, wiretest.Lines(heardMessages, []string{"S: OK success"}, heardApplied, []string{"S: OK success", "C: EXIT"}),
		func(t *testing.T, s *Sync) {
			if err := s.ApplyMessages(soon(t), DefaultPartition, SyncMessage{[]byte("a\r\n")}, SyncMessage{}); err != nil {
				t.Error(err)
			}
			if err := s.ApplyMailbox(soon(t), applied()); err != nil {
				t.Error(err)
			}
			if err := s.ApplyMessages(soon(t), DefaultPartition); err != nil {
				t.Errorf("no messages: %v", err)
			}
			old := applied()
			old.Records[0].InternalDate = time.Unix(-1, 0)
			if err := s.ApplyMailbox(soon(t), old); kindOf(err) != "refused BAD" {
				t.Errorf("a date that no index holds: %v", err)
			}
		})
}

func TestSyncApplyOutcomes(t *testing.T) {
	messages := func(ctx context.Context, s *Sync) error {
		return s.ApplyMessages(ctx, DefaultPartition, SyncMessage{[]byte("a\r\n")}, SyncMessage{})
	}
	big := func(ctx context.Context, s *Sync) error {
		return s.ApplyMessages(ctx, DefaultPartition, SyncMessage{make([]byte, 300_000)})
	}
	mailbox := func(ctx context.Context, s *Sync) error { return s.ApplyMailbox(ctx, applied()) }
	for _, test := range []struct {
		name   string
		apply  func(context.Context, *Sync) error
		heard  []string
		ending []string
		want   string
	}{
		{"messages, no", messages, heardMessages, []string{"S: NO Unknown error"}, "refused NO"},
		{"messages, bye", messages, heardMessages, []string{"S: BYE shutting down", "close"}, "in doubt"},
		{"messages, lost", messages, heardMessages, []string{"close"}, "in doubt"},
		{"messages, silent", messages, heardMessages, nil, "in doubt"},
		{"mailbox, moved", mailbox, heardApplied, []string{"S: NO IMAP_MAILBOX_MOVED Mailbox exists with another name or uniqueid"}, "refused NO"},
		{"mailbox, not understood", mailbox, heardApplied, []string{"S: NO IMAP_PROTOCOL_BAD_PARAMETERS"}, "refused NO"},
		{"mailbox, no leave", mailbox, heardApplied, []string{"S: NO Permission denied"}, "refused NO"},
		{"mailbox, bad", mailbox, heardApplied, []string{"S: BAD what"}, "refused BAD"},
		// These come after the change.
		{"mailbox, checksum", mailbox, heardApplied, []string{"S: NO IMAP_SYNC_CHECKSUM Checksum Failure"}, "in doubt"},
		{"mailbox, disk full", mailbox, heardApplied, []string{"S: NO IMAP_IOERROR System I/O error"}, "in doubt"},
		{"mailbox, crash", mailbox, heardApplied, []string{"S: * Fatal error: assertion failed", "close"}, "in doubt"},
		{"mailbox, lost", mailbox, heardApplied, []string{"close"}, "in doubt"},
		{"mailbox, silent", mailbox, heardApplied, nil, "in doubt"},
		{"messages, cut off", big, []string{"C: APPLY MESSAGE (%{default bae46700642c33ce9dbb4d78445eb61e8231b56e 300000}"}, []string{"close"}, "unreachable"},
		{"mailbox, nobody reads", mailbox, nil, []string{"pause"}, "unreachable"},
	} {
		withSync(t, wiretest.Lines(test.heard, test.ending), func(t *testing.T, s *Sync) {
			start := time.Now()
			if err := test.apply(soon(t), s); kindOf(err) != test.want {
				t.Errorf("%s: %s, want %s (%v)", test.name, kindOf(err), test.want, err)
			}
			if waited := time.Since(start); waited > time.Minute {
				t.Errorf("%s: waited %v of the minute it had", test.name, waited)
			}
		})
	}
}

func TestSyncApplyNotBegunAfterTheEnd(t *testing.T) {
	withSync(t, []string{"pause"}, func(t *testing.T, s *Sync) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.ApplyMailbox(ctx, applied()); kindOf(err) != "unreachable" || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSyncQuota(t *testing.T) {
	withSync(t, []string{
		"C: GET QUOTA user.alice", "S: * QUOTA %(ROOT user.alice LIMIT 100 STORAGE 100 MESSAGE 7 X-NUM-FOLDERS 5 MODSEQ 8)", "S: OK success",
		"C: GET QUOTA user.bob", "S: * QUOTA %(ROOT user.bob LIMIT 4294967295 MODSEQ 3)", "S: OK success",
		"C: GET QUOTA user.nobody", "S: OK success",
		"C: GET QUOTA user.alice", "S: * QUOTA %(ROOT user.alice STORAGE many MODSEQ 8)", "S: OK success",
		"C: GET QUOTA user.alice", "S: NO Permission denied",
	}, func(t *testing.T, s *Sync) {
		for _, want := range []SyncQuota{
			{Root: "user.alice", Limits: map[string]uint64{"STORAGE": 100, "MESSAGE": 7, "X-NUM-FOLDERS": 5}, ModSeq: 8},
			{Root: "user.bob", Limits: map[string]uint64{}, ModSeq: 3},
			{},
		} {
			root := want.Root
			if root == "" {
				root = "user.nobody"
			}
			got, err := s.Quota(soon(t), root)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", root, err, diff)
			}
		}
		for _, want := range []string{`GET QUOTA: STORAGE of QUOTA is no number: "many"`, "GET QUOTA: refused: NO Permission denied"} {
			if _, err := s.Quota(soon(t), "user.alice"); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

func TestSyncFetch(t *testing.T) {
	file := SyncFile{Mailbox: "user.alice", UniqueID: "u1", UID: 3, GUID: guidA}
	asked := "C: GET FETCH %(MBOXNAME user.alice PARTITION default UNIQUEID u1 GUID " + guidA + " UID 3)"
	for name, test := range map[string]struct {
		answer []string
		body   string
		want   string
	}{
		"good":     {[]string{"S: * MESSAGE %{default " + guidA + " 3}", "S: a", "S:", "S: OK success"}, "a\r\n", ""},
		"damaged":  {[]string{"S: * MESSAGE NIL", "S: OK success"}, "", ""},
		"nothing":  {[]string{"S: OK success"}, "", "GET FETCH: 0 messages in the answer"},
		"another":  {[]string{"S: * MESSAGE %{default da39a3ee5e6b4b0d3255bfef95601890afd80709 0}", "S:", "S: OK success"}, "", "GET FETCH: the answer is not the file of GUID 764c16af"},
		"no":       {[]string{"S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox"}, "", "GET FETCH: refused: NO [IMAP_MAILBOX_NONEXISTENT] No Such Mailbox"},
		"lost":     {[]string{"S~ * MESSAGE %{default " + guidA + " 3}\r\na", "close"}, "", "GET FETCH: reading the answer: unexpected EOF"},
		"deadline": {nil, "", "GET FETCH: reading the answer: context deadline exceeded"},
	} {
		withSync(t, wiretest.Lines([]string{asked}, test.answer), func(t *testing.T, s *Sync) {
			body, err := s.Fetch(soon(t), file)
			if string(body) != test.body || (body == nil) != (test.body == "") {
				t.Errorf("%s: got %q", name, body)
			}
			if err == nil && test.want != "" || err != nil && err.Error() != test.want {
				t.Errorf("%s:\n got %v\nwant %s", name, err, test.want)
			}
		})
	}
}

func TestSyncAnnotationsAndSeen(t *testing.T) {
	withSync(t, []string{
		"C: GET FULLMAILBOX user.x", "S: * MAILBOX %(UNIQUEID u1 MBOXNAME user.x LAST_UID 1 HIGHESTMODSEQ 9 UIDVALIDITY 1" +
			` ANNOTATIONS (%(ENTRY /comment USERID "" MODSEQ 0 VALUE "to all") %(ENTRY /comment USERID x MODSEQ 4 VALUE {2+}`, "S: mi)) RECORD ())", "S: OK success",
		"C: GET META x", "S: * SEEN %(UNIQUEID u7 LASTREAD 1795486125 LASTUID 5 LASTCHANGE 0 SEENUIDS 1:3,5)", "S: OK success",
		"C: GET META x", "S: * SEEN %(UNIQUEID u7 LASTUID no)", "S: OK success",
	}, func(t *testing.T, s *Sync) {
		mailbox, err := s.FullMailbox(soon(t), "user.x")
		want := []SyncAnnotation{{Entry: "/comment", Value: "to all"}, {Entry: "/comment", UserID: "x", ModSeq: 4, Value: "mi"}}
		if diff := cmp.Diff(want, mailbox.Annotations); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		meta, err := s.Meta(soon(t), "x")
		seen := []SyncSeen{{UniqueID: "u7", LastUID: 5, SeenUIDs: "1:3,5", LastRead: time.Unix(1795486125, 0).UTC()}}
		if diff := cmp.Diff(seen, meta.Seen); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		if _, err := s.Meta(soon(t), "x"); err == nil || err.Error() != `GET META: LASTUID of SEEN is no number: "no"` {
			t.Errorf("got %v", err)
		}
	})
}
