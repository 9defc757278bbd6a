package scenarios_test

import (
	"maps"
	"regexp"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/conform"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

const onDamage = "sync_client -u on damage"

// stockTools are the rows about tools that say all is well.
func stockTools() []stockRow {
	rows := []stockRow{
		{
			situation: "a record of an index is flipped, and somebody looks what a reconstruct would do", facts: []string{"reconstruct -n"}, inCI: true,
			comesAbout: mailThere + `  - {op: suspend}
  - {op: flip-record, account: alice, mailbox: INBOX}
`,
			stockSays: "`reconstruct -n` **changes the index: the message is listed no more**",
			stock: func(d *desk) {
				before := d.files(target.Imap1)
				d.plan(`
  - {op: look-only, account: alice, mailbox: INBOX, answers: OK}
  - {op: look, account: alice, mailbox: INBOX, sees: [UID 3], lacks: ["UID 1,"]}
`)
				if maps.Equal(before, d.files(target.Imap1)) {
					d.Error("no file has changed")
				}
			},
			oursSays: "`access` finds that the mailbox cannot be opened, and changes no file",
			ours:     func(d *desk) { d.findsByLookingAlone() },
		},
		{
			situation: "an account that is not there is reconstructed", facts: []string{"reconstruct's exit status"},
			comesAbout: mailThere,
			stockSays:  "`reconstruct user/nobody`: **exit 0**",
			stock: func(d *desk) {
				if _, status := d.tool(target.Imap1, "cyrus", "reconstruct", "user/nobody"); status != 0 {
					d.Errorf("it ends with %d", status)
				}
			},
			oursSays: "reads what it prints, and says that it found no such mailbox",
			ours: func(d *desk) {
				if _, err := d.pair.Operator().Reconstruct(d.Context(), target.Imap1, "nobody", "INBOX"); err == nil || !strings.Contains(err.Error(), "it found no such mailbox") {
					d.Error(err)
				}
			},
		},
		{
			situation: "a record of an index is flipped, and the server is checked", facts: []string{"chk_cyrus"},
			comesAbout: mailThere + `  - {op: suspend}
  - {op: flip-record, account: alice, mailbox: INBOX}
`,
			stockSays: "`chk_cyrus`: exit 0, \"uid 1 rediscovered\", and **the message is listed no more**",
			stock: func(d *desk) {
				if said, status := d.tool(target.Imap1, "/usr/lib/cyrus/bin/chk_cyrus"); status != 0 || !strings.Contains(said, "user.alice uid 1 rediscovered") {
					d.Errorf("it ends with %d, and says %q", status, said)
				}
				d.plan(`
  - {op: look, account: alice, mailbox: INBOX, sees: [UID 3], lacks: ["UID 1,"]}
`)
			},
			oursSays: "`access` finds it, and changes no file",
			ours:     func(d *desk) { d.findsByLookingAlone() },
		},
		{
			situation: "a byte of a message file is flipped, and the server is checked", facts: []string{"chk_cyrus"},
			comesAbout: mailThere + `  - {op: spoil-file, account: alice, mailbox: INBOX, uids: [1], harm: flipped}
`,
			stockSays: "`chk_cyrus`: **exit 0, and not a word of it**",
			stock: func(d *desk) {
				said, status := d.tool(target.Imap1, "/usr/lib/cyrus/bin/chk_cyrus")
				if _, after, found := strings.Cut(said, "checking: user.alice\n"); status != 0 || !found || strings.Contains(after, "alice") {
					d.Errorf("it ends with %d, and says %q", status, said)
				}
			},
			oursSays: "`body-compare` finds it",
			ours:     func(d *desk) { d.finds(detect.BodyCompare{}, target.BodyDiffers, target.Imap1) },
		},
		{
			situation: "nothing is wrong, and the list of mailboxes is checked", facts: []string{"ctl_mboxlist -v"},
			comesAbout: mailThere,
			stockSays:  "`ctl_mboxlist -v` **reports every mailbox**",
			stock: func(d *desk) {
				if said, _ := d.tool(target.Imap1, "cyrus", "ctl_mboxlist", "-v"); strings.Count(said, "user.") < 2 {
					d.Errorf("it says %q", said)
				}
			},
			oursSays: "no detector finds anything",
			ours: func(d *desk) {
				for _, detector := range detect.All() {
					if found := d.look(detector); len(found) > 0 {
						d.Errorf("%s finds %v", detector.Name(), found)
					}
				}
			},
		},
		{
			situation: "two messages' GUIDs are swapped in the replica's index", facts: []string{"SYNC_CRC's blind spots"},
			comesAbout: mailThere + `  - {op: swap-guids, on: imap2, account: alice, mailbox: INBOX, uids: [1, 3], answers: OK}
`,
			stockSays: "`sync_client -u`: **exit 0, they stay swapped**",
			stock: func(d *desk) {
				d.plan(`
  - {op: sync-user, account: alice, answers: exit 0}
  - {op: settle, answers: drained}
`)
				right, _ := d.record(target.Imap1, 3)
				if wrong, _ := d.record(target.Imap2, 1); wrong.GUID == "" || wrong.GUID != right.GUID {
					d.Errorf("the replica has UID 1: %+v", wrong)
				}
			},
			oursSays: "`index-compare` finds both; the account is sent anew: both equal to the body",
			ours: func(d *desk) {
				d.finds(detect.IndexCompare{}, target.GUIDDiffers, target.Imap2)
				d.sendsAnew(target.Imap2)
				d.wantEqual()
			},
		},
		{
			situation: "a mailbox's id is asked for together with something else", facts: []string{"STATUS (MESSAGES MAILBOXID)"},
			comesAbout: mailThere,
			stockSays:  "`STATUS INBOX (MESSAGES MAILBOXID)`: **garbage**",
			stock: func(d *desk) {
				if answer := d.imap(target.Imap1, "STATUS INBOX (MESSAGES MAILBOXID)"); mailboxID.MatchString(answer) {
					d.Errorf("it is right: %q", answer)
				}
				if answer := d.imap(target.Imap1, "STATUS INBOX (MAILBOXID)"); !mailboxID.MatchString(answer) {
					d.Errorf("alone it is not right: %q", answer)
				}
			},
			oursSays: "asks the sync protocol: the same id on both sides, as `STATUS (MAILBOXID)` alone tells it",
			ours: func(d *desk) {
				alone := mailboxID.FindStringSubmatch(d.imap(target.Imap1, "STATUS INBOX (MAILBOXID)"))
				for _, server := range d.pair.Servers() {
					inbox, err := server.Index().Mailbox(d.Context(), "alice", "INBOX")
					if err != nil || len(alone) == 0 || inbox.UniqueID != alone[1] {
						d.Errorf("on %s %q, want %q: %v", server.Name(), inbox.UniqueID, alone, err)
					}
				}
			},
		},
		{
			situation: "a message file is lost, and messages are counted", facts: []string{"IMAP STATUS"},
			comesAbout: mailThere + `  - {op: spoil-file, account: alice, mailbox: INBOX, uids: [1], harm: removed}
`,
			stockSays: "`STATUS INBOX (MESSAGES)`: **2, of which one can be read**",
			stock: func(d *desk) {
				if answer := d.imap(target.Imap1, "STATUS INBOX (MESSAGES)"); !strings.Contains(answer, "(MESSAGES 2)") {
					d.Errorf("it says %q", answer)
				}
				d.plan(`
  - {op: read, account: alice, mailbox: INBOX, answers: OK, sees: ["UID 1: body missing", "UID 3: body as recorded"]}
`)
			},
			oursSays: "`body-compare` finds the one",
			ours:     func(d *desk) { d.finds(detect.BodyCompare{}, target.BodyDiffers, target.Imap1) },
		},
	}
	for _, damage := range []struct {
		situation, step string
		by              detect.Detector
		found           target.Kind
		inCI            bool
	}{
		{"a message file of the master is lost, and the account is sent", "spoil-file, account: alice, mailbox: INBOX, uids: [1], harm: removed", detect.BodyCompare{}, target.BodyDiffers, false},
		{"a byte of a message file is flipped, and the account is sent", "spoil-file, account: alice, mailbox: INBOX, uids: [1], harm: flipped", detect.BodyCompare{}, target.BodyDiffers, true},
		{"a message file is cut off, and the account is sent", "spoil-file, account: alice, mailbox: INBOX, uids: [1], harm: truncated", detect.BodyCompare{}, target.BodyDiffers, false},
		{"a record of the index is one of no message, and the account is sent", "wipe-record, account: alice, mailbox: INBOX, uids: [1]", detect.IndexCompare{}, target.MessageMissing, false},
		{"cyrus.cache is cut off, and the account is sent", "spoil-cache, account: alice, mailbox: INBOX, harm: truncated", detect.Health{}, target.DataFileDamaged, false},
		{"a file of no message lies in the spool, and the account is sent", "stray-file, account: alice, mailbox: INBOX, uids: [9], message: 30", detect.SpoolCheck{}, target.StrayFile, false},
	} {
		rows = append(rows, stockRow{
			situation: damage.situation, facts: []string{onDamage}, inCI: damage.inCI,
			comesAbout: mailThere + "  - {op: " + damage.step + "}\n",
			stockSays:  "`sync_client -u`: **exit 0**",
			stock:      func(d *desk) { d.plan("  - {op: sync-user, account: alice, answers: exit 0}\n") },
			oursSays:   "`" + damage.by.Name() + "` finds it (`" + string(damage.found) + "`)",
			ours:       func(d *desk) { d.finds(damage.by, damage.found, target.Imap1) },
		})
	}
	return rows
}

var mailboxID = regexp.MustCompile(`MAILBOXID \(([0-9a-z-]{16,})\)\)$`)

// look lets a detector look at the pair.
func (d *desk) look(detector detect.Detector) []detect.Finding {
	d.Helper()
	scene := detect.Scene{Clock: d.pair.Clock(), Executor: d.pair.Executor(), Accounts: conform.Accounts(), Master: d.pair.Serving().Name()}
	for _, server := range d.pair.Servers() {
		scene.Sides = append(scene.Sides, detect.LiveSide(server))
	}
	found, err := detector.Detect(d.Context(), scene)
	if err != nil {
		d.Fatalf("%s: %v", detector.Name(), err)
	}
	return found
}

// finds wants that a detector finds something of alice's, and calls no other place so.
func (d *desk) finds(detector detect.Detector, kind target.Kind, on target.ServerName) {
	d.Helper()
	found := d.look(detector)
	n := 0
	for _, f := range found {
		if f.Kind == kind && f.Server == on && f.Account == "alice" {
			n++
		} else if f.Kind == kind {
			d.Errorf("%s also finds %v", detector.Name(), f)
		}
	}
	if n == 0 {
		d.Errorf("%s finds %v, and no %s", detector.Name(), found, kind)
	}
}

// findsByLookingAlone wants that alice's mailbox is told as one that cannot be opened, and
// that this changes no file.
func (d *desk) findsByLookingAlone() {
	d.Helper()
	before := d.files(target.Imap1)
	d.finds(detect.Access{}, target.MailboxUnreadable, target.Imap1)
	if !maps.Equal(before, d.files(target.Imap1)) {
		d.Error("files have changed")
	}
}
