package scenarios_test

import (
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// mailThere is mail that both sides have.
const mailThere = `
  - {op: append, account: alice, mailbox: INBOX, message: 1, count: 3, add: ["\\Flagged"]}
  - {op: expunge, account: alice, mailbox: INBOX, uids: [2]}
  - {op: append, account: bob, mailbox: INBOX, message: 1}
  - {op: settle, answers: drained, sees: ["INBOX of alice on imap2 UID 3"]}
`

// stockRepairs are the rows about repairs that destroy.
func stockRepairs() []stockRow {
	return []stockRow{
		{
			situation: "the replica's index of a mailbox is lost", facts: []string{"The replica's index lost", "The safe way"}, inCI: true,
			comesAbout: mailThere + `  - {op: spoil-index, on: imap2, account: alice, mailbox: INBOX, harm: removed}
`,
			stockSays: "`reconstruct` on the replica; with the next change **the master's flags are gone**",
			stock: func(d *desk) {
				d.plan(`
  - {op: reconstruct, on: imap2, account: alice, mailbox: INBOX, answers: OK}
  - {op: append, account: alice, mailbox: INBOX, message: 9}
  - {op: settle, answers: drained}
`)
				d.wantNoFlags(target.Imap1)
			},
			oursSays: "refuses to reconstruct on a server of a pair; empties the account on the replica and has it sent anew: both equal to the body, the master as it was",
			ours:     func(d *desk) { d.rebuildsReplica() },
		},
		{
			situation: "the replica's directory of a mailbox is lost", facts: []string{"The replica's mailbox directory lost"},
			comesAbout: mailThere + `  - {op: lose-folder, on: imap2, account: alice, mailbox: INBOX}
`,
			stockSays: "`reconstruct` on the replica; with the next change **the master's messages get new UIDs**",
			stock: func(d *desk) {
				d.plan(`
  - {op: reconstruct, on: imap2, account: alice, mailbox: INBOX, answers: OK}
  - {op: append, account: alice, mailbox: INBOX, message: 9}
  - {op: settle, answers: drained}
`)
				first, ok := d.record(target.Imap1, 1)
				again, okToo := d.record(target.Imap1, 5)
				if !ok || !okToo || !first.Expunged || again.Expunged || again.GUID != first.GUID {
					d.Errorf("the master has UID 1: %v, %+v, and UID 5: %v, %+v", ok, first, okToo, again)
				}
			},
			oursSays: "the same: both equal to the body, the master as it was",
			ours:     func(d *desk) { d.rebuildsReplica() },
		},
		{
			situation: "a message file of the master is lost", facts: []string{"A spool file of the master lost"},
			comesAbout: mailThere + `  - {op: spoil-file, account: alice, mailbox: INBOX, uids: [1], harm: removed}
`,
			stockSays: "`reconstruct` on the master; then **the replica's good copy is expunged**",
			stock: func(d *desk) {
				d.plan(`
  - {op: reconstruct, account: alice, mailbox: INBOX, answers: OK}
  - {op: settle, answers: drained}
`)
				if good, ok := d.record(target.Imap2, 1); !ok || !good.Expunged {
					d.Errorf("the replica has UID 1: %v, %+v", ok, good)
				}
			},
			oursSays: "finds it (`body-compare`), refuses to reconstruct; swaps the roles, so that users get the good copy, and sends the account anew from there: both equal to the body, and as the replica was",
			ours: func(d *desk) {
				good := d.snapshot(target.Imap2)
				d.plan(`
  - {op: detect, sees: ["body-compare|body-differs|imap1|alice|INBOX|1"]}
`)
				d.refusesToRebuild(target.Imap1)
				if _, err := d.pair.Operator().SwapRoles(d.Context()); err != nil {
					d.Fatal(err)
				}
				d.sendsAnew(target.Imap1)
				d.wantEqual()
				d.unchanged(good)
			},
		},
		{
			situation: "the replica was reconstructed, and is to be made like the master without copying back", facts: []string{"sync_client -O -u"},
			comesAbout: mailThere + `  - {op: spoil-index, on: imap2, account: alice, mailbox: INBOX, harm: removed}
  - {op: reconstruct, on: imap2, account: alice, mailbox: INBOX, answers: OK}
`,
			stockSays: "`sync_client -O -u`: exit 1, and all the same **the master's flags are gone**",
			stock: func(d *desk) {
				if _, status := d.tool(target.Imap1, "cyrus", "sync_client", "-O", "-u", "alice"); status != 1 {
					d.Errorf("sync_client -O -u ends with %d", status)
				}
				d.plan("  - {op: settle, answers: drained}\n")
				d.wantNoFlags(target.Imap1)
			},
			oursSays: "empties the account on the replica and has it sent anew: both equal to the body, the master as it was",
			ours: func(d *desk) {
				master := d.snapshot(target.Imap1)
				d.sendsAnew(target.Imap2)
				d.wantEqual()
				d.unchanged(master)
			},
		},
		{
			situation: "an account of the master is to be emptied", facts: []string{"sync_reset on the master"}, inCI: true,
			comesAbout: mailThere,
			stockSays:  "`sync_reset -f` on the master: **it is gone from the replica as well**",
			stock: func(d *desk) {
				d.plan(`
  - {op: reset-user, account: alice, answers: OK}
  - {op: settle, answers: drained, lacks: ["of alice on imap2 UID", "of alice on imap1 UID"]}
`)
			},
			oursSays: "refuses, and touches nothing",
			ours: func(d *desk) {
				before := []target.Snapshot{d.snapshot(target.Imap1), d.snapshot(target.Imap2)}
				d.refused(restore.ResetUser(d.Context(), d.scene(target.Imap1), target.Imap1, "alice"), "imap1 serves users")
				d.refused(restore.ResetUser(d.Context(), d.scene(target.Imap2), target.Imap1, "alice"), "the good copy goes with the bad one")
				d.unchanged(before[0])
				d.unchanged(before[1])
				d.wantEqual()
			},
		},
		{
			situation: "a record of the replica's index is flipped, and the account is to be emptied there", facts: []string{"sync_reset over a flipped record"},
			comesAbout: mailThere + `  - {op: flip-record, on: imap2, account: alice, mailbox: INBOX}
`,
			stockSays: "`sync_reset -f` on the replica: exit 70, **half of it done**",
			stock: func(d *desk) {
				if _, status := d.tool(target.Imap2, "/usr/lib/cyrus/bin/sync_reset", "-f", "alice"); status != 70 {
					d.Errorf("sync_reset ends with %d", status)
				}
				if verdict := d.equal(); verdict != property.Fail {
					d.Errorf("that both sides are equal: %s", verdict)
				}
			},
			oursSays: "runs the same tool, and says that it died; run again it empties the account, which is sent anew: both equal to the body, the master as it was",
			ours: func(d *desk) {
				master := d.snapshot(target.Imap1)
				if err := restore.ResetUser(d.Context(), d.scene(target.Imap1), target.Imap2, "alice"); err == nil {
					d.Error("nothing says that sync_reset died")
				}
				d.sendsAnew(target.Imap2)
				d.wantEqual()
				d.unchanged(master)
			},
		},
	}
}

// rebuildsReplica is what is done about an account that is broken on the replica.
func (d *desk) rebuildsReplica() {
	d.Helper()
	master := d.snapshot(target.Imap1)
	d.refusesToRebuild(target.Imap2)
	d.sendsAnew(target.Imap2)
	d.wantEqual()
	d.unchanged(master)
}

// wantNoFlags wants that the flags of alice's first message are gone.
func (d *desk) wantNoFlags(on target.ServerName) {
	d.Helper()
	if first, ok := d.record(on, 1); !ok || first.Expunged || len(first.Flags) > 0 {
		d.Errorf("%s has UID 1: %v, %+v", on, ok, first)
	}
}
