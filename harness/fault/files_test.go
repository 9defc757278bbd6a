package fault_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Two scripts: what alice stored, and an older one.
const (
	newRules = "require \"fileinto\";\r\nif header :contains \"subject\" \"bills\" { fileinto \"INBOX\"; }\r\n"
	oldRules = "keep;\r\n"
)

// filesCase is a fault of indexes, lists, message files or scripts.
type filesCase struct {
	want   []string                      // kinds and places of its damage, sorted, each once
	repair func(*testing.T, target.Pair) // of the replica, as documented
	told   bool                          // by a sync client: nothing of it may be replicated
	hurt   string                        // the account that is hurt, where it is not alice
}

func filesCases() map[string]filesCase {
	inbox := func(kinds ...target.Kind) []string {
		var places []string
		for _, kind := range kinds {
			places = append(places, fmt.Sprintf("%s alice INBOX", kind))
		}
		return places
	}
	script := func(kind target.Kind) []string { return []string{string(kind) + " alice rules"} }
	account := func(kind target.Kind) []string { return []string{string(kind) + " alice"} }
	unreadable, body := inbox(target.MailboxUnreadable), inbox(target.BodyDiffers)
	denied := inbox(target.BodyDiffers, target.FileInaccessible)
	return map[string]filesCase{
		"index-record-wiped":      {want: inbox(target.MessageMissing, target.StrayFile), repair: resetAlice},
		"index-truncated":         {want: unreadable, repair: rebuild},
		"index-header-flipped":    {want: unreadable, repair: resetAlice},
		"index-zeroed":            {want: unreadable, repair: resetAlice},
		"index-deleted":           {want: unreadable, repair: resetAlice},
		"cache-truncated":         {want: inbox(target.DataFileDamaged), repair: rebuild},
		"cache-deleted":           {want: inbox(target.DataFileDamaged), repair: rebuild},
		"mailbox-header-deleted":  {want: inbox(target.DataFileDamaged, target.MailboxUnreadable), repair: resetAlice},
		"mailbox-folder-lost":     {want: unreadable, repair: resetAlice},
		"mailbox-entry-lost":      {want: inbox(target.MailboxMissing), repair: syncBoth},
		"mailbox-list-truncated":  {repair: syncBoth},
		"mailbox-list-emptied":    {want: []string{"account-missing alice", "account-missing bob"}, repair: syncBoth},
		"conversations-truncated": {want: account(target.DataFileDamaged)}, // an account sent anew lacks them as well
		"conversations-deleted":   {want: account(target.DataFileDamaged)},
		"seen-truncated":          {want: []string{"data-file-damaged bob", "mailbox-unreadable bob user/alice"}, hurt: "bob", repair: removeSeen},
		"seen-deleted":            {want: []string{"seen-differs bob user/alice"}, hurt: "bob", repair: syncBoth},
		"subscription-lost":       {want: inbox(target.SubscriptionDiffers), told: true, repair: syncBoth},
		"quota-root-wrong": {
			want: []string{"quota-differs alice", "quotaroot-differs alice INBOX", "quotaroot-differs alice INBOX/Work"}, told: true, repair: syncBoth,
		},
		"quota-changed":            {want: account(target.QuotaDiffers), told: true, repair: syncBoth},
		"acl-changed":              {want: inbox(target.ACLDiffers), told: true, repair: syncBoth},
		"annotation-lost":          {want: inbox(target.AnnotationsDiffer), told: true, repair: syncBoth},
		"keyword-lost":             {want: inbox(target.FlagsDiffer), told: true, repair: syncBoth},
		"flags-changed":            {want: inbox(target.FlagsDiffer), told: true, repair: syncBoth},
		"internaldate-changed":     {want: inbox(target.DateDiffers), told: true, repair: syncBoth},
		"modseq-changed":           {want: inbox(target.ModSeqDiffers), told: true, repair: resetAlice},
		"guids-swapped":            {want: inbox(target.BodyDiffers, target.GUIDDiffers), repair: resetAlice},
		"tombstone-lost":           {want: inbox(target.StrayFile, target.TombstoneMissing), repair: resetAlice},
		"last-uid-low":             {want: inbox(target.LastUIDDiffers), repair: rebuild},
		"message-file-missing":     {want: body, repair: resetAlice},
		"message-file-emptied":     {want: body, repair: resetAlice},
		"message-file-truncated":   {want: body, repair: resetAlice},
		"message-file-flipped":     {want: body, repair: resetAlice},
		"message-files-swapped":    {want: body, repair: resetAlice},
		"stray-message-file":       {want: inbox(target.StrayFile), repair: resetAlice},
		"message-file-owner-wrong": {want: denied, repair: resetAlice},
		"message-file-mode-wrong":  {want: denied, repair: resetAlice},
		"script-stale":             {want: script(target.ScriptStale), repair: putAgain},
		"compiled-script-stale":    {want: script(target.CompiledScriptStale), repair: putAgain},
		"compiled-script-missing":  {want: script(target.CompiledScriptMissing), repair: putAgain},
		"compiled-script-older":    {want: script(target.CompiledScriptStale), repair: putAgain},
		"active-link-missing":      {want: script(target.CompiledScriptMissing), repair: resetAlice},
		"script-missing":           {want: script(target.ScriptStale), repair: putAgain},
		"script-empty":             {want: script(target.ScriptStale), repair: putAgain},
		"other-script-active":      {want: []string{"script-differs alice other", "script-differs alice rules"}, told: true, repair: resetAlice},
		"script-deactivated":       {want: script(target.ScriptDiffers), told: true, repair: resetAlice},
		"script-deleted":           {want: script(target.ScriptDiffers), told: true, repair: resetAlice},
	}
}

var everyFault = flag.Bool("every-fault", false, "inject every fault into real servers, one after the other; without it, those that detectors are tried with")

// needEveryFault passes over what takes longer than CI has.
func needEveryFault(t *testing.T) {
	t.Helper()
	if !*everyFault {
		t.Skip("asked for by -every-fault, as `make faults` does")
	}
}

// elsewhere are the faults that other tests are about.
var elsewhere = []string{"replication-stopped", "replication-lost", "index-record-damaged", "process-killed", "server-hung"}

func TestFilesOnSim(t *testing.T) {
	testFiles(t, newPair(t), target.Imap2, target.Imap1)
}

// On real servers those of the replica are repaired as well, which takes its time.
func TestFilesOfRealReplica(t *testing.T) {
	needEveryFault(t)
	testFiles(t, cyrustest.Pair(t, target.Spec{Accounts: accounts}), target.Imap2)
}

func TestFilesOfRealMaster(t *testing.T) {
	needEveryFault(t)
	testFiles(t, cyrustest.Pair(t, target.Spec{Accounts: accounts}), target.Imap1)
}

// Each fault leaves evidence, knows the damage that it did, is live until it is
// repaired as documented, and healed then. What a sync client tells goes nowhere.
func testFiles(t *testing.T, pair target.Pair, sides ...target.ServerName) {
	cases := filesCases()
	for _, f := range fault.All() {
		tc, ours := cases[f.Name()]
		if !ours {
			injected := slices.ContainsFunc(injections, func(i injected) bool { return i.fault.Name() == f.Name() })
			if !injected && !slices.Contains(elsewhere, f.Name()) {
				t.Errorf("no case for %s", f.Name())
			}
			continue
		}
		for _, on := range sides {
			t.Run(f.Name()+" on "+string(on), func(t *testing.T) {
				furnish(t, pair)
				instance := hurt(t, pair, f, on, tc)
				if tc.told {
					wantKeptApart(t, pair, on)
				}
				if tc.repair == nil || on != target.Imap2 {
					return
				}
				tc.repair(t, pair)
				if report := look(t, instance); report.State != fault.Healed {
					t.Errorf("after its repair it is %s", report.State)
				}
			})
		}
	}
}

// hurt injects a fault, and wants its evidence and damage.
func hurt(t *testing.T, pair target.Pair, f fault.Fault, on target.ServerName, tc filesCase) fault.Instance {
	t.Helper()
	instance, err := f.Inject(t.Context(), filesScene(pair, on, tc))
	if err != nil {
		t.Fatal(err)
	}
	report := look(t, instance)
	if !report.Evidence.Landed() || report.State != fault.Live {
		t.Errorf("right after it: %+v", report)
	}
	for _, fact := range report.Evidence.Facts {
		if fact.Before == fact.After {
			t.Errorf("evidence of nothing: %s", fact)
		}
	}
	got := []string{}
	for _, d := range report.Damage {
		if d.Server != on || d.How == "" {
			t.Errorf("damage without its place: %+v", d)
		}
		got = append(got, strings.Join(slices.DeleteFunc([]string{string(d.Kind), d.Account, d.Mailbox, d.Script}, func(s string) bool { return s == "" }), " "))
	}
	slices.Sort(got)
	if got = slices.Compact(got); tc.want != nil {
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Error(diff)
		}
	} else if len(got) == 0 {
		t.Error("it did no damage")
	}
	return instance
}

func filesScene(pair target.Pair, on target.ServerName, tc filesCase) fault.Scene {
	scene := fault.Scene{
		Pair: pair, On: on, Accounts: accounts, Hurt: []string{"alice"},
		Mailboxes: []fault.ChosenMailbox{{Account: "alice", Mailbox: "INBOX", Pick: 7}},
		Scripts:   []fault.ChosenScript{{Account: "alice", Script: "rules", Source: []byte(oldRules)}},
	}
	if tc.hurt != "" {
		scene.Hurt = []string{tc.hurt}
	}
	return scene
}

// furnish brings a pair back to a new one, on which alice has all that a fault can
// take away, and bob has seen some of her mail; all of it replicated.
func furnish(t *testing.T, pair target.Pair) {
	t.Helper()
	if err := pair.Reset(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	master := pair.Serving()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(master.User().SetQuota(t.Context(), "alice", 100_000))
	alice, err := master.User().Login(t.Context(), "alice")
	must(err)
	must(alice.CreateMailbox(t.Context(), "INBOX/Work"))
	for i := range 4 {
		message := target.AppendMessage{Body: fmt.Appendf(nil, "Message-ID: <%d@drill.example>\r\nSubject: message %d\r\n\r\n%s\r\n", i, i, strings.Repeat("text ", 10*i+20))}
		message.Flags = []string{`\Answered`, "$Work"}
		_, _, err := alice.Append(t.Context(), "INBOX", message)
		must(err)
		_, _, err = alice.Append(t.Context(), "INBOX/Work", message)
		must(err)
	}
	must(alice.Expunge(t.Context(), "INBOX", []uint32{2}))
	must(alice.SetAnnotation(t.Context(), "INBOX", "/shared/comment", "hers"))
	must(alice.Subscribe(t.Context(), "INBOX", true))
	must(alice.SetACL(t.Context(), "INBOX", "bob", "lrs"))
	must(alice.Close())
	bob, err := master.User().Login(t.Context(), "bob")
	must(err)
	must(bob.SetFlags(t.Context(), "user/alice", []uint32{1, 3}, []string{`\Seen`}, nil))
	_, _, err = bob.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("Subject: bob's\r\n\r\nHis.\r\n")})
	must(err)
	must(bob.Close())
	storeRules(t, master)
	wantEqual(t, pair)
}

func storeRules(t *testing.T, server target.Server) {
	t.Helper()
	session, err := server.User().Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if err := session.Put(t.Context(), "rules", []byte(newRules)); err != nil {
		t.Fatal(err)
	}
	if err := session.Activate(t.Context(), "rules"); err != nil {
		t.Fatal(err)
	}
}

// wantEqual waits until nothing waits to be replicated, and both sides agree.
func wantEqual(t *testing.T, pair target.Pair) {
	t.Helper()
	err := target.WaitUntil(t.Context(), pair.Clock(), time.Minute, "both sides to be equal", func(ctx context.Context) (bool, string, error) {
		log, err := pair.Serving().Host().SyncLog(ctx)
		if err != nil || log.Pending() > 0 {
			return false, fmt.Sprintf("%d entries wait", log.Pending()), err
		}
		snaps, err := target.TakeSnapshots(ctx, pair.Executor(), accounts, target.LevelIndex, pair.Server(target.Imap1), pair.Server(target.Imap2))
		if err != nil {
			return false, "", err
		}
		var diffs []target.Difference
		for _, account := range accounts {
			diffs = append(diffs, target.Diff(snaps[target.Imap1][account], snaps[target.Imap2][account])...)
		}
		compiled, err := pair.Server(target.Imap2).Host().CompiledScripts(ctx, "alice")
		return len(diffs) == 0 && len(compiled) == 1 && compiled[0].Active, fmt.Sprint(diffs), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantKeptApart wants both sides to differ, and nothing to wait to be replicated,
// also after a while.
func wantKeptApart(t *testing.T, pair target.Pair, on target.ServerName) {
	t.Helper()
	if err := pair.Clock().Sleep(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	for _, server := range pair.Servers() {
		log, err := server.Host().SyncLog(t.Context())
		if err != nil || log.Pending() > 0 {
			t.Errorf("in the sync log of %s: %v, %v", server.Name(), log, err)
		}
	}
	snaps, err := target.TakeSnapshots(t.Context(), pair.Executor(), accounts, target.LevelIndex, pair.Server(target.Imap1), pair.Server(target.Imap2))
	if err != nil {
		t.Fatal(err)
	}
	if len(target.Diff(snaps[target.Imap1]["alice"], snaps[target.Imap2]["alice"])) == 0 {
		t.Errorf("both sides are equal: what %s was told went to the other, or nowhere", on)
	}
}

// rebuild reconstructs the mailbox.
func rebuild(t *testing.T, pair target.Pair) {
	if _, err := pair.Operator().Reconstruct(t.Context(), target.Imap2, "alice", "INBOX"); err != nil {
		t.Fatal(err)
	}
}

// syncBoth sends each account by sync_client -u.
func syncBoth(t *testing.T, pair target.Pair) {
	for _, account := range accounts {
		if status, err := pair.Operator().SyncUser(t.Context(), target.Imap1, account); err != nil || status != 0 {
			t.Fatalf("sync_client -u %s: status %d, %v", account, status, err)
		}
	}
}

// resetAlice takes the account away on the replica, and has it sent anew.
func resetAlice(t *testing.T, pair target.Pair) {
	if err := pair.Operator().(target.Resetter).ResetUser(t.Context(), target.Imap2, "alice", true); err != nil {
		t.Fatal(err)
	}
	syncBoth(t, pair)
}

func removeSeen(t *testing.T, pair target.Pair) {
	if _, err := pair.Saboteur().(target.StateSaboteur).SpoilSeen(t.Context(), target.Imap2, "bob", target.Removed); err != nil {
		t.Fatal(err)
	}
	syncBoth(t, pair)
}

// putAgain stores the script once more on the master.
func putAgain(t *testing.T, pair target.Pair) {
	storeRules(t, pair.Server(target.Imap1))
	if err := pair.Clock().Sleep(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, pair)
}

// Each fault of these groups has its row in the documentation, and no other name has.
func TestDocumentedFaults(t *testing.T) {
	text, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") {
			for _, word := range strings.Split(cells[1], ",") {
				documented = append(documented, strings.Trim(word, " `"))
			}
		}
	}
	var ours []string
	for _, f := range fault.All() {
		if _, ok := filesCases()[f.Name()]; ok || f.Name() == "index-record-damaged" {
			ours = append(ours, f.Name())
		}
	}
	slices.Sort(documented)
	slices.Sort(ours)
	if diff := cmp.Diff(ours, documented); diff != "" {
		t.Errorf("in the catalogue (-) and in docs/faults.md (+):\n%s", diff)
	}
}
