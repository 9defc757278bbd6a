package transplant

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// What a 3.6.1 tells of a mailbox: UID 2 is a tombstone, UIDs 5 and 6 came last.
const rescued = `MAILBOX %(UNIQUEID u1 MBOXNAME user.alice SYNC_CRC 439997793 SYNC_CRC_ANNOT 2509786358 LAST_UID 7 HIGHESTMODSEQ 30 ` +
	`RECENTUID 3 RECENTTIME 1795475748 LAST_APPENDDATE 1795475760 POP3_LAST_LOGIN 0 POP3_SHOW_AFTER 0 XCONVMODSEQ 30 UIDVALIDITY 17 ` +
	`PARTITION default ACL "alice	lrs	" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 1 FOLDERMODSEQ 1 RECORD (` +
	`%(UID 1 MODSEQ 10 LAST_UPDATED 1795475748 FLAGS (\Seen) INTERNALDATE 1767600000 SIZE 43 GUID fdf3be75f46b0cb2422825bac0c85a2c0872a6a3) ` +
	`%(UID 2 MODSEQ 14 LAST_UPDATED 1795475748 FLAGS (\Deleted \Expunged) INTERNALDATE 1795475748 SIZE 44 GUID 92b7723d364eaa8613ecbc531768f74cb6c52473) ` +
	`%(UID 5 MODSEQ 25 LAST_UPDATED 1795475748 FLAGS ($Work) INTERNALDATE 1795475748 SIZE 45 GUID 82b7723d364eaa8613ecbc531768f74cb6c52473 ` +
	`ANNOTATIONS (%(ENTRY /vendor/cmu/cyrus-imapd/createdmodseq USERID "" MODSEQ 0 VALUE 24))) ` +
	`%(UID 6 MODSEQ 30 LAST_UPDATED 1795475748 FLAGS (\Deleted \Expunged) INTERNALDATE 1795475748 SIZE 46 GUID 72b7723d364eaa8613ecbc531768f74cb6c52473)))`

// line is a conversation in which a server tells the same each time, and takes all.
type line struct {
	t       *testing.T
	mailbox string // as it tells it; empty: it has none
	refuses []error
	told    []dlist.Value // by APPLY MAILBOX
}

func (l *line) parse(text string) dlist.Value {
	l.t.Helper()
	value, err := dlist.ParseLine([]byte(text))
	if err != nil {
		l.t.Fatal(err)
	}
	return value
}

func (l *line) Get(context.Context, dlist.Value) ([]dlist.Value, error) {
	if l.mailbox == "" {
		return nil, nil
	}
	return []dlist.Value{without(l.parse(l.mailbox), "RECORD")}, nil
}

func (l *line) Apply(_ context.Context, what dlist.Value) error {
	l.told = append(l.told, what)
	if len(l.refuses) == 0 {
		return nil
	}
	err := l.refuses[0]
	l.refuses = l.refuses[1:]
	return err
}

func (l *line) MailboxEach(_ context.Context, _ string, each func(dlist.Value) error) (dlist.Value, error) {
	mailbox := l.parse(l.mailbox)
	records, _ := mailbox.Get("RECORD")
	for _, r := range records.Items {
		if err := each(r); err != nil {
			return dlist.Value{}, err
		}
	}
	return mailbox, nil
}

func (l *line) Close() error { return nil }

// serving is a server that has the mailbox as it was before UIDs 5 to 7.
func serving(highest string) string {
	text, _, _ := strings.Cut(rescued, " RECORD (")
	return strings.NewReplacer("LAST_UID 7", "LAST_UID 4", "HIGHESTMODSEQ 30", "HIGHESTMODSEQ "+highest, "XCONVMODSEQ 30", "XCONVMODSEQ 99",
		"LAST_APPENDDATE 1795475760", "LAST_APPENDDATE 5").Replace(text) + ` RECORD ())`
}

func read(t *testing.T) *Source {
	t.Helper()
	source, err := Read(t.Context(), &line{t: t, mailbox: rescued}, "alice", "INBOX", 0, func(uid uint32) bool { return uid == 5 })
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// into returns what a server is told when UID 5 is put into its mailbox.
func into(t *testing.T, mailbox string, put Put, refuses ...error) (Placed, *line, error) {
	t.Helper()
	l := &line{t: t, mailbox: mailbox, refuses: refuses}
	put.Account, put.Mailbox = "alice", "INBOX"
	placed, err := read(t).Into(t.Context(), l, put)
	return placed, l, err
}

func TestInto(t *testing.T) {
	five := []uint32{5}
	for _, tc := range []struct {
		name    string
		mailbox string
		put     Put
		uids    []uint32 // that are placed
		records string   // UID, modseq and when it came, of each that is told
		header  map[string]string
	}{
		{"as it was, with the tombstone above and the UID of one that is forgotten", serving("20"), Put{UIDs: five, UpTo: 7}, five, "5:25:24 6:30:", map[string]string{
			"LAST_UID": "7", "HIGHESTMODSEQ": "30", "SINCE_MODSEQ": "20", "SINCE_CRC": "439997793", "XCONVMODSEQ": "99", "LAST_APPENDDATE": "1795475760",
		}},
		{"where more is to come", serving("20"), Put{UIDs: five}, five, "5:25:24", map[string]string{"LAST_UID": "5"}},
		{"where the server has come to those modseqs", serving("40"), Put{UIDs: five, UpTo: 7}, five, "5:41:41 6:41:", map[string]string{"HIGHESTMODSEQ": "41"}},
		{"where it is to be made", "", Put{UIDs: five, UpTo: 7, Make: true}, five, "2:14: 5:25:24 6:30:", map[string]string{
			"UNIQUEID": "u1", "UIDVALIDITY": "17", "HIGHESTMODSEQ": "30", "SINCE_MODSEQ": "", "SYNC_CRC": "", "ACL": "alice\tlrs\t",
		}},
		{"to pass over UIDs alone", serving("20"), Put{UpTo: 7}, nil, "6:30:", map[string]string{"LAST_UID": "7"}},
	} {
		placed, l, err := into(t, tc.mailbox, tc.put)
		if err != nil || !slices.Equal(placed.UIDs, tc.uids) || len(placed.Taken) > 0 || len(l.told) != 1 {
			t.Errorf("%s: %+v, %v, told %d times", tc.name, placed, err, len(l.told))
			continue
		}
		if got := recordsIn(l.told[0]); got != tc.records {
			t.Errorf("%s: records %q, want %q", tc.name, got, tc.records)
		}
		for key, want := range tc.header {
			if got := l.told[0].TextOf(key); got != want {
				t.Errorf("%s: %s is %q, want %q", tc.name, key, got, want)
			}
		}
	}
}

func recordsIn(mailbox dlist.Value) string {
	list, _ := mailbox.Get("RECORD")
	var all []string
	for _, r := range list.Items {
		created := ""
		notes, _ := r.Get("ANNOTATIONS")
		for _, note := range notes.Items {
			created = note.TextOf("VALUE")
		}
		all = append(all, r.TextOf("UID")+":"+r.TextOf("MODSEQ")+":"+created)
	}
	return strings.Join(all, " ")
}

// Nothing is told where no UID is free, and nothing but a mailbox that has changed since is
// tried again.
func TestIntoRefuses(t *testing.T) {
	put := Put{UIDs: []uint32{5}, UpTo: 7}
	for name, mailbox := range map[string]string{
		"the UID was given out":           strings.Replace(serving("20"), "LAST_UID 4", "LAST_UID 7", 1),
		"another UIDVALIDITY":             strings.Replace(serving("20"), "UIDVALIDITY 17", "UIDVALIDITY 18", 1),
		"another mailbox under that name": strings.Replace(serving("20"), "UNIQUEID u1", "UNIQUEID u2", 1),
	} {
		if placed, l, err := into(t, mailbox, put); err != nil || !slices.Equal(placed.Taken, put.UIDs) || len(placed.UIDs) > 0 || len(l.told) > 0 {
			t.Errorf("%s: %+v, %v, told %v", name, placed, err, l.told)
		}
	}
	if _, _, err := into(t, "", put); !errors.Is(err, ErrGone) {
		t.Errorf("no mailbox: %v", err)
	}
	changed := &target.RefusedError{Command: "APPLY MAILBOX", Status: "NO", Code: "IMAP_SYNC_CHANGED"}
	if placed, l, err := into(t, serving("20"), put, changed, changed); err != nil || len(placed.UIDs) != 1 || len(l.told) != 3 {
		t.Errorf("overtaken twice: %+v, %v, told %d times", placed, err, len(l.told))
	}
	full := &target.RefusedError{Command: "APPLY MAILBOX", Status: "NO", Code: "IMAP_IOERROR"}
	if _, l, err := into(t, serving("20"), put, full); !errors.Is(err, full) || len(l.told) != 1 {
		t.Errorf("a full disk: %v, told %d times", err, len(l.told))
	}
	if _, l, err := into(t, serving("20"), put, changed, changed, changed, changed, changed); err == nil || len(l.told) != overtaken {
		t.Errorf("overtaken each time: %v, told %d times", err, len(l.told))
	}
}
