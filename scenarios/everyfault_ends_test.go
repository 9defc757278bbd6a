package scenarios_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// ending is how a trial ends where not every property holds. Whatever is lost must have
// been told all the same, but for untold.
type ending struct {
	may []string // properties that may be broken, or not be judged
	// kept: the old master is not emptied, since it holds what nobody has saved.
	kept bool
	// untold: nothing that a server keeps tells that anything was lost.
	untold bool
	why    string // as docs/restore.md has it
}

const (
	whyUnreadable = "what came to a mailbox that cannot be opened on the old master stays there: the mailbox is told, and the old master not emptied"
	whyOnlyCopy   = "the only copy is told as lost, message by message, and the old master not emptied"
	whyWord       = "the old master's word counts, also where it was changed behind its users' backs; `index-compare` tells that both differ"
	whySpreads    = "what users had copied or moved of it is as damaged, and told; else all is whole"
	whyLinked     = "Cyrus 3.6 links a copy to the damaged file: it is told, and the old master not emptied; from 3.10 on all is whole"
	whyAutocreate = "who logs in gets a new INBOX by autocreate, which subscribes to it; mail and scripts are put into it"
	whyPeople     = "both servers were told so, and nothing tells that no user did it"
	whyQuotaRoot  = "a mailbox that is rebuilt from its files alone has no quota root any more; an administrator sets the quota again"
	whyOldList    = "a list that was cut off goes back to what it was once, names and scripts with it: `index-compare` tells that names differ, and the old master's word counts"
	whyTwice      = "a UID may be given twice before anybody looks"
	whyTombstone  = "all is whole; real Cyrus cannot send the tombstone of a message without its file, so the old master becomes a replica when `cyr_expire` has removed that"
	whyDate       = "nobody can change a date but by a copy: `index-compare` tells, and it stays"
)

// endings are, of each place, the faults after which not every property holds.
func endings() map[where]map[string]ending {
	all := map[where]map[string]ending{onMaster: {}, onReplica: {}, onlyCopy: {}}
	note := func(w where, e ending, faults ...string) {
		for _, f := range faults {
			all[w][f] = e
		}
	}
	unreadable := []string{
		"index-truncated", "index-header-flipped", "index-zeroed", "index-deleted", "mailbox-header-deleted", "mailbox-folder-lost",
	}
	files := []string{"message-file-emptied", "message-file-truncated", "message-file-flipped"}
	denied := []string{"message-file-missing", "message-file-owner-wrong", "message-file-mode-wrong"}
	swapped := []string{"message-files-swapped", "guids-swapped"}

	lost := []string{"no-loss", "state-kept", "rules-current", "access", "convergence"}
	note(onMaster, ending{may: lost, kept: true, why: whyUnreadable}, append(unreadable, "channel-stuck", "index-record-damaged", "killed-amid-reconstruct")...)
	note(onMaster, ending{may: []string{"state-kept", "rules-current"}, why: whyAutocreate}, "mailbox-entry-lost", "mailbox-list-emptied")
	note(onMaster, ending{may: append(lost, "no-resurrection"), untold: true, why: whyOldList}, "mailbox-list-truncated")
	note(onMaster, ending{may: []string{"no-loss", "state-kept", "imap-promises"}, why: whyTwice}, "last-uid-low")
	note(onMaster, ending{may: []string{"state-kept"}, why: whyWord},
		"subscription-lost", "quota-root-wrong", "quota-changed", "annotation-lost", "keyword-lost", "flags-changed", "internaldate-changed")
	note(onMaster, ending{may: []string{"rules-current"}, why: whyWord}, "other-script-active", "script-deactivated", "script-deleted")
	note(onMaster, ending{may: []string{"no-loss", "no-resurrection", "no-doubles", "state-kept", "access"}, why: whySpreads}, append(swapped, append(files, denied...)...)...)
	note(onMaster, ending{may: []string{"no-loss", "state-kept", "rules-current", "access"}, untold: true, why: whyPeople}, "sync-reset-wrong-side")
	note(onMaster, ending{may: []string{"no-loss", "state-kept"}, untold: true, why: whyPeople}, "reconstruct-wrong-side")
	note(onMaster, ending{may: []string{"no-doubles", "state-kept", "no-resurrection"}, why: whyPeople}, "two-restores")

	note(onReplica, ending{may: []string{"state-kept", "convergence"}, why: whyAutocreate}, "mailbox-entry-lost", "mailbox-list-truncated", "mailbox-list-emptied")
	note(onReplica, ending{may: []string{"convergence"}, why: whyQuotaRoot}, "mailbox-folder-lost")
	note(onReplica, ending{may: []string{"state-kept"}, why: whyDate}, "internaldate-changed")
	note(onReplica, ending{may: []string{"no-loss", "no-resurrection", "no-doubles", "state-kept", "access", "convergence"}, kept: true, why: whyLinked}, append(files, swapped...)...)
	note(onReplica, ending{may: []string{"convergence"}, why: whyTombstone}, denied...)
	note(onReplica, ending{may: []string{"no-doubles", "state-kept", "no-resurrection"}, why: whyPeople}, "two-restores")

	note(onlyCopy, ending{may: lost, kept: true, why: whyOnlyCopy}, append(unreadable, append(swapped, append(files, append(denied, "index-record-wiped")...)...)...)...)
	note(onlyCopy, ending{may: []string{"state-kept"}, why: whyWord}, "keyword-lost", "flags-changed", "internaldate-changed")
	return all
}

// Each ending stands in the documentation, with its faults.
func TestEndingsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/restore.md")
	if err != nil {
		t.Fatal(err)
	}
	all, whole := 0, 0
	for _, tr := range trials() {
		all++
		if endings()[tr.where][tr.fault.Name()].why == "" && tr.fault.Name() != "hasty-failover" {
			whole++
		}
	}
	want := []string{fmt.Sprintf("Of %d such drills %d end with every property held", all, whole)}
	for w, byFault := range endings() {
		rows := map[string][]string{}
		for _, f := range slices.Sorted(maps.Keys(byFault)) {
			rows[byFault[f].why] = append(rows[byFault[f].why], "`"+f+"`")
		}
		for why, faults := range rows {
			want = append(want, fmt.Sprintf("| %s | %s | %s |", w, strings.Join(faults, ", "), why))
		}
	}
	slices.Sort(want)
	for _, row := range want {
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/restore.md lacks\n%s", row)
		}
	}
}
