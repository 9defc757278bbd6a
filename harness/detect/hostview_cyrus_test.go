package detect_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	everyFault = flag.Bool("every-fault", false, "inject into real servers every fault that a detector is for; without it, some of each sort")
	suite      = flag.String("suite", "bookworm", "the Cyrus to run")
)

// oneOfEachSort are the faults that are injected into real servers each time.
var oneOfEachSort = []string{
	"message-files-swapped", "stray-message-file", "message-file-owner-wrong", "cache-truncated", "conversations-deleted", "mailbox-header-deleted",
	"disk-full", "disk-read-only", "clock-ahead",
}

// On a pair of real servers that is well the host detectors find nothing, the host view
// tells of all that there is, and no look changes anything.
func TestHostDetectorsOnRealServersThatAreWell(t *testing.T) {
	pair := cyrustest.Pair(t, target.Spec{Suite: *suite, Accounts: accounts})
	furnishAll(t, pair)
	renameAndDelete(t, pair)
	settled(t, pair)
	before := dataFiles(t, pair)
	for _, d := range hostDetectors() {
		began := time.Now()
		if diff := cmp.Diff([]string{}, foundBy(t, pair, d)); diff != "" {
			t.Errorf("%s:\n%s", d.Name(), diff)
		}
		t.Logf("%s has looked for %s", d.Name(), time.Since(began).Round(time.Millisecond))
	}
	if diff := cmp.Diff(before, dataFiles(t, pair)); diff != "" {
		t.Errorf("looking has changed:\n%s", diff)
	}
	for _, server := range pair.Servers() {
		wantWhole(t, pair, server)
	}
}

// renameAndDelete lets alice have mail in a mailbox that gets another name, and in one that
// is renamed and deleted then: Cyrus keeps the mail, and an entry for each former name.
func renameAndDelete(t *testing.T, pair target.Pair) {
	t.Helper()
	alice, err := pair.Serving().User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Kept", "Gone"} {
		message := target.AppendMessage{Body: fmt.Appendf(nil, "Message-ID: <%s@drill.example>\r\nSubject: %[1]s\r\n\r\n%[1]s\r\n", name)}
		if err := alice.CreateMailbox(t.Context(), "INBOX/"+name); err != nil {
			t.Fatal(err)
		}
		if _, _, err := alice.Append(t.Context(), "INBOX/"+name, message); err != nil {
			t.Fatal(err)
		}
		if err := alice.RenameMailbox(t.Context(), "INBOX/"+name, "INBOX/Köln/"+name); err != nil {
			t.Fatal(err)
		}
	}
	if err := alice.DeleteMailbox(t.Context(), "INBOX/Köln/Gone"); err != nil {
		t.Fatal(err)
	}
	if err := alice.Close(); err != nil {
		t.Fatal(err)
	}
}

// Of each fault the host detectors find on real servers the damage that they claim, as
// they do on the simulator. Small disks keep no mail that is put there from outside.
func TestHostDetectorsOnRealServers(t *testing.T) {
	var names []string
	for _, faults := range hostFaults {
		names = append(names, faults...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, spec := range []target.Spec{{MovingClock: true}, {SmallDisk: true}} {
		spec.Suite, spec.Accounts = *suite, accounts
		t.Run(fmt.Sprintf("small disk %v", spec.SmallDisk), func(t *testing.T) {
			pair := cyrustest.Pair(t, spec)
			for _, name := range names {
				f := faultNamed(t, name)
				if f.Effects().NeedsSmallDisk != spec.SmallDisk || !*everyFault && !slices.Contains(oneOfEachSort, name) {
					continue
				}
				t.Run(name, func(t *testing.T) { wantFound(t, pair, f) })
			}
		})
	}
}

// wantFound injects a fault into a pair as new.
func wantFound(t *testing.T, pair target.Pair, f fault.Fault) {
	t.Helper()
	if err := pair.Reset(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	furnishAll(t, pair)
	report, done := inject(t, pair, f, target.Imap2)
	if !done {
		t.Fatalf("it did not land: %+v", report)
	}
	for _, d := range []detect.Detector{detect.SpoolCheck{}, detect.Health{}} {
		if diff := cmp.Diff(claimed(report, d), foundBy(t, pair, d)); diff != "" {
			t.Errorf("%s (-damage +found):\n%s", d.Name(), diff)
		}
	}
}

// dataFiles are all files of both servers' data.
func dataFiles(t *testing.T, pair target.Pair) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, server := range pair.Servers() {
		files, err := server.Host().DataFiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for path, state := range files {
			all[string(server.Name())+":"+path] = state
		}
	}
	return all
}

// wantWhole wants the host view to tell of all that furnishAll and renameAndDelete have
// made, and of nothing wrong with it.
func wantWhole(t *testing.T, pair target.Pair, server target.Server) {
	t.Helper()
	files, err := server.Host().Files(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	uids := map[string][]uint32{}
	for _, m := range files {
		for _, f := range m.Messages {
			uids[m.Mailbox] = append(uids[m.Mailbox], f.UID)
			if f.SHA1 == "" || f.Size == 0 || !f.Accessible {
				t.Errorf("UID %d in %s: %+v", f.UID, m.Mailbox, f)
			}
		}
	}
	// UID 2 in INBOX is a tombstone, whose file stays.
	if diff := cmp.Diff(map[string][]uint32{"INBOX": {1, 2, 3, 4, 5}, "INBOX/Köln": {1, 2, 3, 4}, "INBOX/Köln/Kept": {1}}, uids); diff != "" {
		t.Error(diff)
	}
	databases, err := server.Host().Databases(t.Context(), accounts)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, db := range databases {
		if db.There {
			there[fmt.Sprintf("%s of %s %s", db.Name, db.Account, db.Mailbox)] = true
		}
		if db.Wrong != "" || db.There && !db.Accessible {
			t.Errorf("%+v", db)
		}
		t.Logf("%+v", db)
	}
	for _, want := range []string{
		"mailboxes.db of  ", "conversations.db of alice ", "conversations.db of bob ", "counters.db of bob ", "seen.db of bob ",
		"cyrus.cache of alice INBOX/Köln", "cyrus.header of alice INBOX/Köln", "cyrus.index of alice INBOX/Köln", "cyrus.index of bob INBOX",
	} {
		if !there[want] {
			t.Errorf("it does not tell of %s, but of %v", want, slices.Sorted(maps.Keys(there)))
		}
	}
	machine, err := server.Host().Machine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ahead := machine.Clock.Sub(pair.Clock().Now()).Abs(); ahead > 5*time.Second || machine.Room < 1<<20 || machine.ReadOnly {
		t.Errorf("the machine is seen as %+v", machine)
	}
	t.Logf("%+v", machine)
}
