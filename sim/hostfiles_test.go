package sim_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// rich returns a pair on which alice has mail in two mailboxes, a deleted one, and a
// script.
func rich(t *testing.T) *sim.Pair {
	t.Helper()
	p := newPair(t, 7)
	session := login(t, p.Serving(), "alice")
	for _, name := range []string{"INBOX/Köln", "INBOX/Gone"} {
		if err := session.CreateMailbox(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if _, _, err := session.Append(t.Context(), name, target.AppendMessage{Body: message(name)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := session.DeleteMailbox(t.Context(), "INBOX/Gone"); err != nil {
		t.Fatal(err)
	}
	appendTo(t, p, "alice", "one")
	appendTo(t, p, "alice", "two")
	if err := session.Expunge(t.Context(), "INBOX", []uint32{1}); err != nil {
		t.Fatal(err)
	}
	scripts, err := p.Serving().User().Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer scripts.Close()
	if err := scripts.Put(t.Context(), "rules", []byte("keep;\r\n")); err != nil {
		t.Fatal(err)
	}
	return p
}

func filesOf(t *testing.T, server target.Server) []string {
	t.Helper()
	files, err := server.Host().Files(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	said := []string{}
	for _, m := range files {
		text := m.Mailbox + ":"
		for _, f := range m.Messages {
			text += fmt.Sprintf(" %d %d %.4s %v", f.UID, f.Size, f.SHA1, f.Accessible)
		}
		said = append(said, text)
	}
	return said
}

// wrongOf lists what is not there, or wrong, of what has to be.
func wrongOf(t *testing.T, server target.Server) []string {
	t.Helper()
	databases, err := server.Host().Databases(t.Context(), []string{"alice", "bob"})
	if err != nil {
		t.Fatal(err)
	}
	said := []string{}
	for _, db := range databases {
		if db.Wrong != "" {
			said = append(said, fmt.Sprintf("%s of %s %s, there %v: %s", db.Name, db.Account, db.Mailbox, db.There, db.Wrong))
		}
	}
	return said
}

// Message files are told of as they lie on the disk: those of tombstones as well, and
// none of what is deleted or holds scripts.
func TestHostTellsOfMessageFiles(t *testing.T) {
	p := rich(t)
	master := p.Serving()
	hand := p.Saboteur().(interface {
		target.SpoolSaboteur
		target.AccessSaboteur
	})
	sum := target.DigestBody(message("INBOX/Köln"))
	before := filesOf(t, master)
	if len(before) != 2 || before[1] != fmt.Sprintf("INBOX/Köln: 1 %d %.4s true", len(message("INBOX/Köln")), sum) {
		t.Fatalf("it tells of %q", before)
	}
	if _, err := hand.SpoilMessage(t.Context(), target.Imap1, "alice", "INBOX", 1, target.Emptied); err != nil {
		t.Fatal(err)
	}
	if _, err := hand.DenyMessage(t.Context(), target.Imap1, "alice", "INBOX", 2, target.WrongMode); err != nil {
		t.Fatal(err)
	}
	if _, err := hand.AddMessageFile(t.Context(), target.Imap1, "alice", "INBOX/Köln", 9, []byte("stray")); err != nil {
		t.Fatal(err)
	}
	after := filesOf(t, master)
	const empty = "da39" // how the SHA-1 of no bytes begins
	want := []string{
		fmt.Sprintf("INBOX: 1 0 %s true 2 %d  false", empty, len(messageOf(t, p, 2))),
		before[1] + fmt.Sprintf(" 9 5 %.4s true", target.DigestBody([]byte("stray"))),
	}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Error(diff)
	}
}

// messageOf is a message of alice's INBOX on the replica, which nobody has hurt.
func messageOf(t *testing.T, p *sim.Pair, uid uint32) []byte {
	t.Helper()
	if !arrived(t, p, "alice", uid, time.Minute) {
		t.Fatal("it was not replicated")
	}
	var got []byte
	err := login(t, p.Server(target.Imap2), "alice").Bodies(t.Context(), "INBOX", []uint32{uid}, func(_ uint32, body []byte) error {
		got = body
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Each damage to a database shows in that one, and what a cache should be is not judged
// by an index that is none.
func TestHostTellsWhatIsWrongWithDatabases(t *testing.T) {
	for name, tc := range map[string]struct {
		harm func(t *testing.T, p *sim.Pair) error
		want []string
	}{
		"nothing": {func(*testing.T, *sim.Pair) error { return nil }, []string{}},
		"the cache": {func(t *testing.T, p *sim.Pair) error {
			_, err := p.Saboteur().(target.FolderSaboteur).SpoilCache(t.Context(), target.Imap1, "alice", "INBOX", target.Removed)
			return err
		}, []string{"cyrus.cache of alice INBOX, there true: it does not tell of 1 messages"}},
		"the header": {func(t *testing.T, p *sim.Pair) error {
			_, err := p.Saboteur().(target.FolderSaboteur).RemoveHeader(t.Context(), target.Imap1, "alice", "INBOX")
			return err
		}, []string{"cyrus.header of alice INBOX, there false: it is not there"}},
		"the cache and the index": {func(t *testing.T, p *sim.Pair) error {
			_, err := p.Saboteur().(target.FolderSaboteur).SpoilCache(t.Context(), target.Imap1, "alice", "INBOX", target.Truncated)
			if err == nil {
				_, err = p.Saboteur().(target.IndexSaboteur).TruncateIndex(t.Context(), target.Imap1, "alice", "INBOX")
			}
			return err
		}, []string{"cyrus.index of alice INBOX, there true: its header is not one"}},
		"the directory": {func(t *testing.T, p *sim.Pair) error {
			_, err := p.Saboteur().(target.FolderSaboteur).RemoveFolder(t.Context(), target.Imap1, "alice", "INBOX/Köln")
			return err
		}, []string{"cyrus.header of alice INBOX/Köln, there false: it is not there", "cyrus.index of alice INBOX/Köln, there false: it is not there"}},
		"conversations": {func(t *testing.T, p *sim.Pair) error {
			_, err := p.Saboteur().(target.StateSaboteur).SpoilConversations(t.Context(), target.Imap1, "alice", target.Removed)
			return err
		}, []string{"conversations.db of alice , there true: it does not know of 2 messages"}},
		"a header that reconstruct has made again": {func(t *testing.T, p *sim.Pair) error {
			_, err := p.Saboteur().(target.FolderSaboteur).RemoveHeader(t.Context(), target.Imap1, "alice", "INBOX")
			if err == nil {
				_, err = p.Operator().Reconstruct(t.Context(), target.Imap1, "alice", "INBOX")
			}
			return err
		}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := rich(t)
			if err := tc.harm(t, p); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, wrongOf(t, p.Serving())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of a server that is down nothing can be told, as nothing can be asked of a real one.
func TestHostTellsNothingOfAServerThatIsDown(t *testing.T) {
	p := newPair(t, 7)
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	host := p.Server(target.Imap2).Host()
	_, files := host.Files(t.Context(), "alice")
	_, databases := host.Databases(t.Context(), []string{"alice"})
	_, machine := host.Machine(t.Context())
	for _, err := range []error{files, databases, machine} {
		var unsupported *target.UnsupportedError
		if !errors.As(err, &unsupported) {
			t.Errorf("got %v", err)
		}
	}
}
