package view

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

const sameACL = "alice lrswipkxtecda, bob lrs"

func mailbox(name string) target.Mailbox {
	return target.Mailbox{
		Name: name, UniqueID: "u1", UIDValidity: 1795475749, LastUID: 2, HighestModSeq: 14, ACL: sameACL, SyncCRC: "7",
	}
}

func TestMailboxes(t *testing.T) {
	v := viewOf(t, map[Service][][]string{Sync: {syncTalk(
		"C: GET USER john.doe",
		mailboxLine("user.john^doe.Work", ""),
		mailboxLine("user.john^doe", ""),
		mailboxLine("user.john^doe.a^b.K&APY-ln", ""),
		mailboxLine("user.john^doe.node", " MBOXTYPE i"),
		mailboxLine("DELETED.user.john^doe.Old.5F3C", ""),
		"S: * LSUB (user.john^doe)", "S: OK success",
		"C: GET USER nobody", "S: OK success",
		"C: GET USER nobody", "S: OK success",
	)}})
	got, err := v.Index().Mailboxes(soon(t), "john.doe")
	want := []target.Mailbox{mailbox("INBOX"), mailbox("INBOX/Work"), mailbox("INBOX/a.b/Köln")}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := v.Index().Mailboxes(soon(t), "nobody"); err != nil || len(got) != 0 {
		t.Errorf("an account that is not there: %v, %v", got, err)
	}
}

// GET USER stops at the first index that cannot be opened. What comes after it
// in the list of mailboxes is there all the same.
func TestMailboxesPastABrokenOne(t *testing.T) {
	v := viewOf(t, map[Service][][]string{
		Sync: {syncTalk(
			"C: GET USER alice", mailboxLine("user.alice", ""), "S: NO Unknown error",
			"C: GET MAILBOXES (user.alice user.alice.Broken user.alice.K&APY-ln^x)",
			mailboxLine("user.alice", ""), mailboxLine("user.alice.K&APY-ln^x", ""), "S: OK success",
		)},
		IMAP: {imapTalk(asAdmin,
			`C: c2 LIST "" ("user/alice" "user/alice/*" "DELETED/user/alice/*")`,
			`S: * LIST (\HasChildren) "/" user/alice`, `S: * LIST () "/" user/alice/Broken`,
			`S: * LIST () "/" user/alice/K&APY-ln.x`, "S: c2 OK Completed",
		)},
	})
	got, err := v.Index().Mailboxes(soon(t), "alice")
	want := []target.Mailbox{mailbox("INBOX"), mailbox("INBOX/Köln.x")}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestMailbox(t *testing.T) {
	v := viewOf(t, map[Service][][]string{Sync: {syncTalk(
		"C: GET FULLMAILBOX user.alice.a^b.K&APY-ln",
		mailboxLine("user.alice.a^b.K&APY-ln", ` QUOTAROOT user.alice RECORD (`+
			`%(UID 2 MODSEQ 14 LAST_UPDATED 1795475748 FLAGS (\Deleted \Expunged) INTERNALDATE 1795475748 SIZE 44 GUID 92B7)`+
			` %(UID 1 MODSEQ 10 LAST_UPDATED 1795475748 FLAGS (\Seen $Kw \Flagged) INTERNALDATE 1767600000 SIZE 43 GUID fdf3)`+
			` %(UID 3 MODSEQ 11 LAST_UPDATED 1795475748 FLAGS () INTERNALDATE 1767600000 SIZE 1 GUID aaaa))`),
		"S: OK success",
		"C: GET FULLMAILBOX user.alice.Nope", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox",
	)}})
	got, err := v.Index().Mailbox(soon(t), "alice", "INBOX/a.b/Köln")
	want := mailbox("INBOX/a.b/Köln")
	want.QuotaRoot = "user.alice"
	date := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	want.Records = []target.Record{
		{UID: 1, GUID: "fdf3", Size: 43, InternalDate: date, Flags: []string{"$Kw", `\Flagged`, `\Seen`}, ModSeq: 10},
		{UID: 2, GUID: "92b7", Size: 44, InternalDate: time.Unix(1795475748, 0).UTC(), Flags: []string{`\Deleted`}, ModSeq: 14, Expunged: true},
		{UID: 3, GUID: "aaaa", Size: 1, InternalDate: date, ModSeq: 11},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	_, err = v.Index().Mailbox(soon(t), "alice", "INBOX/Nope")
	var refused *target.RefusedError
	if !errors.As(err, &refused) || refused.Code != "IMAP_MAILBOX_NONEXISTENT" {
		t.Errorf("a mailbox that is not there: %v", err)
	}
}

func TestMeta(t *testing.T) {
	v := viewOf(t, map[Service][][]string{Sync: {syncTalk(
		"C: GET MAILBOXES (user.alice)", mailboxLine("user.alice", ""), "S: OK success",
		"C: GET META alice",
		"S: * LSUB (user.bob.Shared user.alice.a^b user.alice)",
		"S: * SIEVE %(FILENAME rules.script LAST_UPDATE 1795477502 GUID b97cefb85391a5f76bda1513f0dbbb093dbf0aa5 ISACTIVE 0)",
		"S: * SIEVE %(FILENAME rules.bc LAST_UPDATE 0 GUID 0000000000000000000000000000000000000000 ISACTIVE 1)",
		`S: * SIEVE %(FILENAME "old rules.script" LAST_UPDATE 1795477502 GUID b97cefb85391a5f76bda1513f0dbbb093dbf0aa5 ISACTIVE 0)`, "S: OK success",
		"C: GET QUOTA user.alice", "S: * QUOTA %(ROOT user.alice LIMIT 1000 STORAGE 1000 MODSEQ 16)", "S: OK success",
		"C: GET USER alice", mailboxLine("user.alice", ""), deletedLine("DELETED.user.alice.Old.6B04F132"), "S: OK success",
		// Nothing is asked about an account that is not there: that would make it files.
		"C: GET MAILBOXES (user.nobody)", "S: OK success", "C: GET USER nobody", "S: OK success",
		"C: GET USER nobody", "S: OK success",
		// An INBOX that cannot be opened is no account that is not there.
		"C: GET MAILBOXES (user.broken)", "S: OK success", "C: GET USER broken", "S: NO Unknown error",
		"C: GET META broken", "S: * LSUB (user.broken)", "S: OK success",
		"C: GET QUOTA user.broken", "S: NO IMAP_QUOTAROOT_NONEXISTENT Quota root does not exist",
		"C: GET USER broken", "S: OK success",
	)}})
	const digest = "b97cefb85391a5f76bda1513f0dbbb093dbf0aa5"
	want := target.Meta{
		Subscriptions: []string{"INBOX", "INBOX/a.b", "user/bob/Shared"},
		Scripts:       []target.Script{{Name: "old rules", GUID: digest}, {Name: "rules", GUID: digest, Active: true}},
		QuotaKiB:      1000,
		Deleted:       []string{"gone"},
	}
	got, err := v.Index().Meta(soon(t), "alice")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("alice: %v\n%s", err, diff)
	}
	if got, err := v.Index().Meta(soon(t), "nobody"); err != nil || !cmp.Equal(got, target.Meta{QuotaKiB: target.NoQuota}) {
		t.Errorf("nobody: %v, %v", got, err)
	}
	if got, err := v.Index().Meta(soon(t), "broken"); err != nil || len(got.Subscriptions) != 1 {
		t.Errorf("broken: %v, %v", got, err)
	}
}

func TestIndexConnectsAnew(t *testing.T) {
	asked, answered := "C: GET USER nobody", "S: OK success"
	for name, test := range map[string]struct {
		connections [][]string
		want        string
	}{
		"kept":                    {[][]string{syncTalk(asked, answered, asked, answered)}, ""},
		"kept one was closed":     {[][]string{syncTalk(asked, answered, "close"), syncTalk(asked, answered)}, ""},
		"kept one says goodbye":   {[][]string{syncTalk(asked, answered, asked, "S: BYE shutting down", "close"), syncTalk(asked, answered)}, ""},
		"kept one breaks halfway": {[][]string{syncTalk(asked, answered, asked, "S~ * MAILBOX %(", "close"), syncTalk(asked, answered)}, ""},
		"both break":              {[][]string{syncTalk(asked, answered, "close"), syncTalk(asked, "close")}, "index view of nobody on imap1: GET USER: reading the answer: EOF"},
		"server has gone":         {[][]string{syncTalk(asked, answered, "close")}, "index view of nobody on imap1: imap1: sync not reachable: connection refused"},
		"the question kills":      {[][]string{syncTalk(asked, answered, asked, "S: * Fatal error: assertion failed", "close"), syncTalk(asked, answered)}, "index view of nobody on imap1: GET USER: refused: BYE Fatal error: assertion failed"},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := viewOf(t, map[Service][][]string{Sync: test.connections})
			if _, err := v.Index().Mailboxes(soon(t), "nobody"); err != nil {
				t.Fatalf("%s: the first time: %v", name, err)
			}
			_, err := v.Index().Mailboxes(soon(t), "nobody")
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
				t.Errorf("%s:\n got %v\nwant %s", name, err, test.want)
			}
		})
	}
}

// Connections that were kept together end together.
func TestIndexKeepsNoneOfADeadServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := syncTalk("close")
		v := viewOf(t, map[Service][][]string{Sync: {dead, dead, dead, syncTalk("C: GET USER nobody", "S: OK success")}})
		for range 3 {
			conn, peer, err := v.server.dial(soon(t), Sync)
			if err != nil {
				t.Fatal(err)
			}
			s, err := wire.NewSync(soon(t), conn, peer, v.server.login(""))
			if err != nil {
				t.Fatal(err)
			}
			v.index.kept.give(s)
		}
		if _, err := v.Index().Mailboxes(soon(t), "nobody"); err != nil || len(v.index.kept.idle) != 1 {
			t.Errorf("%d connections are kept, want the new one (%v)", len(v.index.kept.idle), err)
		}
	})
}

// A kept connection to a server that hangs is not a reason to wait twice, nor
// to be kept.
func TestIndexHonoursContextAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := viewOf(t, map[Service][][]string{Sync: {
			syncTalk("C: GET USER nobody", "S: OK success", "C: GET USER nobody", "pause"),
			syncTalk("C: GET USER nobody", "S: OK success"),
		}})
		index, start := v.Index(), time.Now()
		if _, err := index.Mailboxes(soon(t), "nobody"); err != nil {
			t.Fatal(err)
		}
		if _, err := index.Mailboxes(soon(t), "nobody"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a server that hangs: %v", err)
		}
		if waited := time.Since(start); waited != time.Minute {
			t.Errorf("waited %v of the minute it had", waited)
		}
		if _, err := index.Mailboxes(soon(t), "nobody"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// tireless is a server whose sync_server answers every GET USER with one
// mailbox of that account.
type tireless struct{}

func (tireless) Dial(context.Context, Service) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer func() { _ = server.Close() }()
		_, _ = fmt.Fprint(server, "* OK ready\r\n")
		for in := bufio.NewScanner(server); in.Scan(); {
			if account, ok := strings.CutPrefix(in.Text(), "GET USER "); ok {
				_, _ = fmt.Fprintf(server, "* MAILBOX %%(MBOXNAME user.%s UNIQUEID %[1]s LAST_UID 1 HIGHESTMODSEQ 1 UIDVALIDITY 1)\r\n", account)
			}
			_, _ = fmt.Fprint(server, "OK success\r\n")
		}
	}()
	return client, nil
}

func TestIndexSideBySide(t *testing.T) {
	v := New(target.Imap1, tireless{}, Credentials{Admin: "admin", Password: "secret"})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			account := fmt.Sprintf("user%d", i)
			for range 50 {
				got, err := v.Index().Mailboxes(soon(t), account)
				if err != nil || len(got) != 1 || got[0].UniqueID != account {
					t.Errorf("%s: got %v, %v", account, got, err)
					return
				}
			}
		})
	}
	group.Wait()
	if kept := len(v.index.kept.idle); kept == 0 || kept > keptConnections {
		t.Errorf("%d connections are kept, want 1 to %d", kept, keptConnections)
	}
	if err := v.Close(); err != nil || len(v.index.kept.idle) != 0 {
		t.Errorf("after Close %d connections are kept, %v", len(v.index.kept.idle), err)
	}
	if _, err := v.Index().Mailboxes(soon(t), "alice"); err != nil || len(v.index.kept.idle) != 1 {
		t.Errorf("used on, it keeps %d connections, want 1 (%v)", len(v.index.kept.idle), err)
	}
	_ = v.Close()
}

func TestNames(t *testing.T) {
	for _, test := range []struct{ account, owner, internal string }{
		{"alice", "INBOX", "user.alice"},
		{"alice", "INBOX/Work", "user.alice.Work"},
		{"john.doe", "INBOX/a.b/Köln", "user.john^doe.a^b.K&APY-ln"},
		{"alice", "user/bob/Shared", "user.bob.Shared"},
		{"alice", "user/alice2", "user.alice2"},
		{"alice", "INBOXES", "INBOXES"},
		{"alice", "shared/日本語", "shared.&ZeVnLIqe-"},
	} {
		if got := mailboxname.Internal(test.account, test.owner); got != test.internal {
			t.Errorf("%s of %s is %s inside, want %s", test.owner, test.account, got, test.internal)
		}
		if got, err := mailboxname.Owner(test.account, test.internal); err != nil || got != test.owner {
			t.Errorf("%s is %s to %s, want %s (%v)", test.internal, got, test.account, test.owner, err)
		}
	}
	if got, err := mailboxname.Owner("alice", "user.alice.&"); err == nil {
		t.Errorf("a name in no encoding: %q", got)
	}
}
