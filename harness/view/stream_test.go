package view

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// streamed reads alice's INBOX to the end.
func streamed(ctx context.Context, v *View) (target.Mailbox, error) {
	stream := v.index.StreamMailbox(ctx, "alice", "INBOX")
	defer stream.Close()
	var records []target.Record
	for {
		record, more, err := stream.Next()
		if err != nil {
			return target.Mailbox{}, fmt.Errorf("after %d records: %w", len(records), err)
		}
		if !more {
			m := stream.Mailbox()
			m.Records = records
			return m, nil
		}
		records = append(records, record)
	}
}

// recordList is as many records as GET FULLMAILBOX tells them.
func recordList(n int) string {
	var list strings.Builder
	for uid := 1; uid <= n; uid++ {
		fmt.Fprintf(&list, ` %%(UID %d MODSEQ %d LAST_UPDATED 1795475748 FLAGS (\Seen $Kw) INTERNALDATE 1767600000 SIZE 43 GUID %040x)`, uid, uid+1, uid)
	}
	return list.String()
}

// A mailbox that is streamed is what it is when it is asked for as a whole.
func TestStreamIsTheMailbox(t *testing.T) {
	for _, n := range []int{0, 1, batchOf - 1, batchOf, batchOf + 1, (batchesAhead + 2) * batchOf} {
		conversation := []string{"C: GET FULLMAILBOX user.alice", mailboxLine("user.alice", " RECORD ("+recordList(n)+")"), "S: OK success"}
		v := viewOf(t, map[Service][][]string{Sync: {syncTalk(append(conversation, conversation...)...)}})
		whole, err := v.Index().Mailbox(soon(t), "alice", "INBOX")
		if err != nil || len(whole.Records) != n {
			t.Fatalf("%d records: %v", len(whole.Records), err)
		}
		got, err := streamed(soon(t), v)
		if diff := cmp.Diff(whole, got); err != nil || diff != "" {
			t.Errorf("%d records: %v\n%s", n, err, diff)
		}
	}
}

// A question is put once more where a kept connection has ended, unless a part of the
// answer is in use already.
func TestStreamConnectsAnew(t *testing.T) {
	first, answered := "C: GET USER nobody", "S: OK success"
	asked, told := "C: GET FULLMAILBOX user.alice", mailboxLine("user.alice", " RECORD ("+recordList(2)+")")
	half := strings.Replace(strings.TrimSuffix(told, "))"), "S:", "S~", 1)
	for name, test := range map[string]struct {
		connections [][]string
		want        string
	}{
		"kept":                   {[][]string{syncTalk(first, answered, asked, told, answered)}, ""},
		"kept one was closed":    {[][]string{syncTalk(first, answered, "close"), syncTalk(asked, told, answered)}, ""},
		"it breaks at the head":  {[][]string{syncTalk(first, answered, asked, "S~ * MAILBOX %(UNIQUEID", "close"), syncTalk(asked, told, answered)}, ""},
		"it breaks halfway":      {[][]string{syncTalk(first, answered, asked, half, "close"), syncTalk(asked, told, answered)}, "GET FULLMAILBOX: reading the answer: unexpected EOF"},
		"it breaks at the end":   {[][]string{syncTalk(first, answered, asked, told, "close"), syncTalk(asked, told, answered)}, "GET FULLMAILBOX: reading the answer: EOF"},
		"a no":                   {[][]string{syncTalk(first, answered, asked, "S: NO IMAP_MAILBOX_NONEXISTENT No")}, "GET FULLMAILBOX: refused: NO [IMAP_MAILBOX_NONEXISTENT] No"},
		"the question kills":     {[][]string{syncTalk(first, answered, asked, "S: * Fatal error: no", "close"), syncTalk(asked, told, answered)}, "GET FULLMAILBOX: refused: BYE Fatal error: no"},
		"it hangs after records": {[][]string{syncTalk(first, answered, asked, half, "pause"), syncTalk(asked, told, answered)}, "GET FULLMAILBOX: reading the answer: context deadline exceeded"},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := viewOf(t, map[Service][][]string{Sync: test.connections})
			if _, err := v.Index().Mailboxes(soon(t), "nobody"); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := streamed(soon(t), v)
			if test.want != "" {
				if want := "after 0 records: index view of INBOX of alice on imap1: " + test.want; err == nil || err.Error() != want {
					t.Errorf("%s:\n got %v\nwant %s", name, err, want)
				}
			} else if err != nil || len(got.Records) != 2 {
				t.Errorf("%s: %d records, %v", name, len(got.Records), err)
			}
		})
	}
}

// Who has read enough gives the stream up, and the view goes on.
func TestStreamGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, told := "C: GET FULLMAILBOX user.alice", mailboxLine("user.alice", " RECORD ("+recordList(3*batchOf)+")")
		v := viewOf(t, map[Service][][]string{Sync: {
			syncTalk(asked, strings.Replace(strings.TrimSuffix(told, "))"), "S:", "S~", 1), "pause"), syncTalk(asked, told, "S: OK success"),
		}})
		stream := v.index.StreamMailbox(soon(t), "alice", "INBOX")
		if record, more, err := stream.Next(); err != nil || !more || record.UID != 1 {
			t.Errorf("the first record: %v, %v", record, err)
		}
		stream.Close()
		if got, err := streamed(soon(t), v); err != nil || len(got.Records) != 3*batchOf {
			t.Errorf("afterwards: %d records, %v", len(got.Records), err)
		}
	})
}
