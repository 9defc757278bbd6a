package drill

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/outside"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

func live(uid uint32, guid string, flags ...string) target.Record {
	return target.Record{UID: uid, GUID: guid, Flags: flags}
}

func gone(uid uint32, guid string) target.Record {
	return target.Record{UID: uid, GUID: guid, Expunged: true}
}

func box(id, name string, validity uint32, records ...target.Record) target.Mailbox {
	return target.Mailbox{UniqueID: id, Name: name, UIDValidity: validity, Records: records}
}

// What a tool has done is told by what was there before and after.
func TestWhatAToolDid(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after []target.Mailbox
		want          string
	}{
		"nothing":                           {[]target.Mailbox{box("1", "INBOX", 1, live(1, "a"))}, []target.Mailbox{box("1", "INBOX", 1, live(1, "a"))}, ""},
		"a copy":                            {[]target.Mailbox{box("1", "INBOX", 1, live(1, "a"))}, []target.Mailbox{box("1", "INBOX", 1, live(1, "a"), live(2, "b"))}, "copy UID 2 (b) in INBOX of alice"},
		"a double":                          {[]target.Mailbox{box("1", "INBOX", 1, live(1, "a"))}, []target.Mailbox{box("1", "INBOX", 1, live(1, "a"), live(2, "a"))}, "copy UID 2 (a) in INBOX of alice"},
		"an expunge":                        {[]target.Mailbox{box("1", "INBOX", 1, live(1, "a"))}, []target.Mailbox{box("1", "INBOX", 1, gone(1, "a"))}, "expunge UID 1 (a) in INBOX of alice"},
		"another message under a UID":       {[]target.Mailbox{box("1", "INBOX", 1, live(1, "a"))}, []target.Mailbox{box("1", "INBOX", 1, live(1, "b"))}, "copy UID 1 (b) in INBOX of alice\nexpunge UID 1 (a) in INBOX of alice"},
		"flags":                             {[]target.Mailbox{box("1", "INBOX", 1, live(1, "a", "x"))}, []target.Mailbox{box("1", "INBOX", 1, live(1, "a", "y"))}, "flag UID 1 (a) in INBOX of alice +y -x"},
		"a mailbox made anew":               {[]target.Mailbox{box("1", "INBOX", 1, live(1, "a"), live(2, "a"))}, []target.Mailbox{box("1", "INBOX", 2, live(7, "a"))}, "expunge UID 2 (a) in INBOX of alice"},
		"a mailbox more, and one less":      {[]target.Mailbox{box("1", "INBOX", 1), box("2", "A", 1, live(1, "a"))}, []target.Mailbox{box("1", "INBOX", 1), box("3", "B", 1, live(1, "b"))}, "create B of alice\ncopy UID 1 (b) in B of alice\ndelete A of alice"},
		"a mailbox with another name":       {[]target.Mailbox{box("2", "A", 1, live(1, "a"))}, []target.Mailbox{box("2", "B", 1, live(1, "a"))}, "rename A of alice"},
		"tombstones that were there before": {[]target.Mailbox{box("1", "INBOX", 1, gone(1, "a"))}, []target.Mailbox{box("1", "INBOX", 1)}, ""},
	} {
		before := map[string]target.Snapshot{"alice": {Account: "alice", Mailboxes: tc.before}}
		after := map[string]target.Snapshot{"alice": {Account: "alice", Mailboxes: tc.after}}
		planned, _ := seen("mine", before, after, outside.Said{})
		var lines []string
		for _, a := range planned.Actions {
			lines = append(lines, strings.TrimSuffix(a.String(), fmt.Sprintf(": %s", a.Why)))
		}
		if got := strings.Join(lines, "\n"); !sameLines(got, tc.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, tc.want)
		}
	}
}

// sameLines holds lines against the beginnings that are wanted of them.
func sameLines(got, want string) bool {
	lines, wanted := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(lines) != len(wanted) {
		return false
	}
	for i := range lines {
		if !strings.HasPrefix(lines[i], wanted[i]) || wanted[i] == "" && lines[i] != "" {
			return false
		}
	}
	return true
}

// A tool's doubts are about what it has copied, or about what stays as it is.
func TestWhatAToolDoubts(t *testing.T) {
	before := map[string]target.Snapshot{"alice": {Account: "alice", Mailboxes: []target.Mailbox{box("1", "INBOX", 1, live(1, "a"))}}}
	after := map[string]target.Snapshot{"alice": {Account: "alice", Mailboxes: []target.Mailbox{box("1", "INBOX", 1, live(1, "a"), live(9, "b"))}}}
	doubt := func(uid uint32, guid string) restore.Action {
		return restore.Action{Act: restore.Keep, Account: "alice", Mailbox: "INBOX", UID: uid, GUID: guid, Doubtful: true}
	}
	planned, report := seen("mine", before, after, outside.Said{Doubtful: []restore.Action{doubt(4, "b"), doubt(1, "a")}})
	if len(planned.Actions) != 2 || report.Copied != 1 || report.Kept != 1 || report.Doubtful != 2 {
		t.Fatalf("%+v, %+v", planned, report)
	}
	if a := planned.Actions[0]; a.Act != restore.Copy || !a.Doubtful || a.UID != 4 {
		t.Errorf("the copy: %+v", a)
	}
	if a := planned.Actions[1]; a.Act != restore.Keep || !a.Doubtful || a.UID != 1 {
		t.Errorf("what stays: %+v", a)
	}
}
