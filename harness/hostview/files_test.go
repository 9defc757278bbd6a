package hostview

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func TestParseFiles(t *testing.T) {
	const sum = "0123456789abcdef0123456789abcdef01234567"
	said := "mailbox user\x1falice\x1fK&APY-ln I am\n7 2048 denied -\nmailbox user\x1falice\n1 17 usable " + sum + "\n12 0 denied " + sum + "\n"
	want := []target.MailboxFiles{
		{Mailbox: "INBOX", Messages: []target.SpoolFile{{UID: 1, Size: 17, SHA1: sum, Accessible: true}, {UID: 12, SHA1: sum}}},
		{Mailbox: "INBOX/Köln I am", Messages: []target.SpoolFile{{UID: 7, Size: 2048}}},
	}
	got, err := ParseFiles("alice", []byte(said))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, odd := range []string{"1 17 usable " + sum, "mailbox user\x1falice\n1 17 usable", "mailbox user\x1falice\nx 17 usable -", "mailbox user\x1falice\n1 x usable -"} {
		if got, err := ParseFiles("alice", []byte(odd)); err == nil {
			t.Errorf("%q is taken for %v", odd, got)
		}
	}
}

func TestParseDatabases(t *testing.T) {
	said := "mailboxes.db\t\t\tthere\tusable\t336\t\n" +
		"cyrus.cache\tuser\x1fa^b\tuser\x1fa^b\x1fWork\tthere\tdenied\t4\tit is of another generation than the index\n" +
		"conversations.db\tuser\x1fa^b\t\tmissing\tdenied\t0\tit does not know of 3 messages\n"
	want := []target.Database{
		{Name: "mailboxes.db", There: true, Accessible: true, Size: 336},
		{Name: "cyrus.cache", Account: "a.b", Mailbox: "INBOX/Work", There: true, Size: 4, Wrong: "it is of another generation than the index"},
		{Name: "conversations.db", Account: "a.b", Wrong: "it does not know of 3 messages"},
	}
	got, err := ParseDatabases([]string{"a.b"}, []byte(said))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := ParseDatabases(nil, []byte("perl: warning\n")); !errors.Is(err, errOddLine) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParseMachine(t *testing.T) {
	got, err := ParseMachine([]byte("1795716938.906141\n4096\nro\n"))
	want := target.Machine{Clock: time.UnixMicro(1795716938906141), Room: 4096, ReadOnly: true}
	if err != nil || got.Room != want.Room || got.ReadOnly != want.ReadOnly || got.Clock.Sub(want.Clock).Abs() > time.Millisecond {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := ParseMachine([]byte("1795716938.906141\n")); err == nil {
		t.Errorf("half of it is taken for %v", got)
	}
}
