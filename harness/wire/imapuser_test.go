package wire

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func TestUsersChanges(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 SELECT "INBOX"`, "S: c2 OK done",
		`C: c3 UID STORE 1:2 +FLAGS.SILENT (\Seen $Kw)`, "S: c3 OK done",
		`C: c4 UID STORE 1:2 -FLAGS.SILENT (\Flagged)`, "S: c4 OK done",
		`C: c5 SELECT "INBOX"`, "S: c5 OK done",
		`C: c6 UID MOVE 4 "INBOX/K&APY-ln"`, "S: * OK [COPYUID 17 4 1] done", "S: * 4 EXPUNGE", "S: c6 OK done",
		`C: c7 SELECT "INBOX"`, "S: c7 OK done",
		`C: c8 UID COPY 5 "INBOX/A b"`, "S: c8 NO [TRYCREATE] Mailbox does not exist",
		`C: c9 CREATE "INBOX/A b"`, "S: c9 OK done",
		`C: c10 RENAME "INBOX/A b" "INBOX/C"`, "S: * OK rename", "S: c10 OK done",
		`C: c11 SETACL "INBOX/C" "bob" "lrs"`, "S: c11 OK done",
		`C: c12 SETMETADATA "INBOX/C" (/shared/comment NIL)`, "S: c12 OK done",
		`C: c13 SETQUOTA "user/alice" (STORAGE 100)`, "S: c13 OK done",
		`C: c14 DELETE "INBOX/C"`, "S: c14 NO Permission denied",
	}, func(t *testing.T, c *IMAP) {
		ctx := soon(t)
		outcomes := []target.Outcome{
			target.OutcomeOf(c.SetFlags(ctx, "INBOX", []uint32{1, 2}, []string{`\Seen`, "$Kw"}, []string{`\Flagged`})),
			target.OutcomeOf(c.Move(ctx, "INBOX", []uint32{4}, "INBOX/Köln")),
			target.OutcomeOf(c.Copy(ctx, "INBOX", []uint32{5}, "INBOX/A b")),
			target.OutcomeOf(c.Create(ctx, "INBOX/A b")),
			target.OutcomeOf(c.Rename(ctx, "INBOX/A b", "INBOX/C")),
			target.OutcomeOf(c.SetACL(ctx, "INBOX/C", "bob", "lrs")),
			target.OutcomeOf(c.SetAnnotation(ctx, "INBOX/C", "/shared/comment", "")),
			target.OutcomeOf(c.SetQuota(ctx, "user/alice", 100)),
			target.OutcomeOf(c.Delete(ctx, "INBOX/C")),
		}
		const ack, no = target.Acknowledged, target.Refused
		if diff := cmp.Diff([]target.Outcome{ack, ack, no, ack, ack, ack, ack, ack, no}, outcomes); diff != "" {
			t.Error(diff)
		}
	})
}

// A COPY or MOVE takes no notice of a message that is gone, and says OK.
func TestACopyOfWhichNothingIsToldIsInDoubt(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 SELECT "INBOX"`, "S: c2 OK done", `C: c3 UID COPY 1 "INBOX/A"`, "S: c3 OK [COPYUID 17 1 9] done",
		`C: c4 SELECT "INBOX"`, "S: c4 OK done", `C: c5 UID COPY 2 "INBOX/A"`, "S: c5 OK done",
		`C: c6 SELECT "INBOX"`, "S: c6 OK done", `C: c7 UID MOVE 2 "INBOX/A"`, "S: c7 OK done",
	}, func(t *testing.T, c *IMAP) {
		got := []target.Outcome{
			target.OutcomeOf(c.Copy(soon(t), "INBOX", []uint32{1}, "INBOX/A")),
			target.OutcomeOf(c.Copy(soon(t), "INBOX", []uint32{2}, "INBOX/A")),
			target.OutcomeOf(c.Move(soon(t), "INBOX", []uint32{2}, "INBOX/A")),
		}
		if diff := cmp.Diff([]target.Outcome{target.Acknowledged, target.InDoubt, target.InDoubt}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Half of what was asked for has taken effect: that is neither a yes nor a no.
func TestHalfOfAChangeIsInDoubt(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 SELECT "INBOX"`, "S: c2 OK done",
		`C: c3 UID STORE 1 +FLAGS.SILENT (\Seen)`, "S: c3 OK done",
		`C: c4 UID STORE 1 -FLAGS.SILENT (\Flagged)`, "S: c4 NO System I/O error",
	}, func(t *testing.T, c *IMAP) {
		err := c.SetFlags(soon(t), "INBOX", []uint32{1}, []string{`\Seen`}, []string{`\Flagged`})
		if target.OutcomeOf(err) != target.InDoubt {
			t.Errorf("got %v", err)
		}
	})
}

func TestALostAnswerLeavesAChangeInDoubt(t *testing.T) {
	withIMAP(t, []string{`C: c2 RENAME "INBOX/A" "INBOX/B"`, "close"}, func(t *testing.T, c *IMAP) {
		if err := c.Rename(soon(t), "INBOX/A", "INBOX/B"); target.OutcomeOf(err) != target.InDoubt {
			t.Errorf("got %v", err)
		}
	})
}

func TestAFlagThatIsNoneIsNotSent(t *testing.T) {
	withIMAP(t, nil, func(t *testing.T, c *IMAP) {
		var refused *target.RefusedError
		if err := c.SetFlags(soon(t), "INBOX", []uint32{1}, []string{"two words"}, nil); !errors.As(err, &refused) {
			t.Errorf("got %v", err)
		}
		if err := c.Move(soon(t), "INBOX", nil, "INBOX/A"); err != nil {
			t.Errorf("no messages to move: %v", err)
		}
	})
}

func TestSettings(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 GETACL "INBOX/A"`,
		`C: c3 GETMETADATA "INBOX/A" (/shared/comment /private/comment)`,
		`C: c4 GETQUOTAROOT "INBOX/A"`,
		`S: * ACL INBOX/A alice lrswipkxtecdan "anyone else" lrs`, "S: c2 OK done",
		`S: * METADATA INBOX/A ("/shared/comment" {6}`, `S: theirs "/private/comment" NIL)`, "S: c3 OK done",
		`S: * QUOTAROOT INBOX/A INBOX`, `S: * QUOTA INBOX (STORAGE 3 1000 MESSAGE 4 50)`, "S: c4 OK done",
		`C: c5 LSUB "" "*"`, `S: * LSUB () "/" INBOX/K&APY-ln`, "S: c5 OK done",
		`C: c6 STATUS "INBOX/A" (UIDNEXT HIGHESTMODSEQ)`, `S: * STATUS INBOX/A (UIDNEXT 4 HIGHESTMODSEQ 17)`, "S: c6 OK done",
	}, func(t *testing.T, c *IMAP) {
		got, err := c.Settings(soon(t), "INBOX/A", "/shared/comment", "/private/comment")
		want := Settings{
			ACL:         map[string]string{"alice": "lrswipkxtecdan", "anyone else": "lrs"},
			Annotations: map[string]string{"/shared/comment": "theirs"}, QuotaRoot: "INBOX", StorageKiB: 1000,
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		names, err := c.Subscriptions(soon(t))
		if diff := cmp.Diff([]string{"INBOX/Köln"}, names); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		status, err := c.Status(soon(t), "INBOX/A", "UIDNEXT", "HIGHESTMODSEQ")
		if diff := cmp.Diff(map[string]uint64{"UIDNEXT": 4, "HIGHESTMODSEQ": 17}, status); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}
