package view

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// An account read at once is what its parts are, and each question is put once.
func TestAccountAtOnce(t *testing.T) {
	v := viewOf(t, map[Service][][]string{
		Sync: {syncTalk(
			"C: GET USER alice", mailboxLine("user.alice", ""), mailboxLine("user.alice.Work", ""),
			deletedLine("DELETED.user.alice.Old.6B04F132"), "S: OK success",
			"C: GET META alice", "S: * LSUB (user.alice)", "S: OK success",
			"C: GET QUOTA user.alice", "S: * QUOTA %(ROOT user.alice LIMIT 1000 STORAGE 1000 MODSEQ 16)", "S: OK success",
			// Nothing more is asked about an account that is not there.
			"C: GET USER nobody", "S: OK success",
			// One whose mailboxes cannot all be opened is there.
			"C: GET USER broken", "S: NO Unknown error",
			"C: GET MAILBOXES (user.broken user.broken.Bad)", mailboxLine("user.broken", ""), "S: OK success",
			"C: GET META broken", "S: * LSUB (user.broken)", "S: OK success",
			"C: GET QUOTA user.broken", "S: NO IMAP_QUOTAROOT_NONEXISTENT Quota root does not exist",
		)},
		IMAP: {imapTalk(asAdmin,
			`C: c2 LIST "" ("user/broken" "user/broken/*" "DELETED/user/broken/*")`,
			`S: * LIST (\HasChildren) "/" user/broken`, `S: * LIST () "/" user/broken/Bad`, "S: c2 OK Completed",
		)},
	})
	for _, test := range []struct {
		account   string
		mailboxes []target.Mailbox
		meta      target.Meta
	}{
		{"alice", []target.Mailbox{mailbox("INBOX"), mailbox("INBOX/Work")}, target.Meta{Subscriptions: []string{"INBOX"}, QuotaKiB: 1000, Deleted: []string{"gone"}}},
		{"nobody", nil, target.Meta{QuotaKiB: target.NoQuota}},
		{"broken", []target.Mailbox{mailbox("INBOX")}, target.Meta{Subscriptions: []string{"INBOX"}, QuotaKiB: target.NoQuota}},
	} {
		mailboxes, meta, err := target.ReadAccount(soon(t), v.Index(), test.account)
		if diff := cmp.Diff(test.mailboxes, mailboxes) + cmp.Diff(test.meta, meta); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", test.account, err, diff)
		}
	}
}
