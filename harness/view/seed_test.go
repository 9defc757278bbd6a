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
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

const emptyGUID = "da39a3ee5e6b4b0d3255bfef95601890afd80709"

func emptyMessages(count int) []target.AppendMessage { return make([]target.AppendMessage, count) }

func TestSeed(t *testing.T) {
	own := func(record int, date int) string {
		return fmt.Sprintf(` ANNOTATIONS (%%(ENTRY /vendor/cmu/cyrus-imapd/thrid USERID "" MODSEQ 0 VALUE 4bca7a0f5502401f)`+
			` %%(ENTRY /vendor/cmu/cyrus-imapd/savedate USERID "" MODSEQ 0 VALUE %d)`+
			` %%(ENTRY /vendor/cmu/cyrus-imapd/createdmodseq USERID "" MODSEQ 0 VALUE %d))`, date, record)
	}
	v := viewOf(t, map[Service][][]string{Sync: {syncTalk(
		"C: GET USER alice", mailboxLine("user.alice", " QUOTAROOT user.alice CREATEDMODSEQ 1 FOLDERMODSEQ 2"), "S: OK success",
		"C: APPLY MESSAGE (%{default "+emptyGUID+" 0}", "C:  %{default "+emptyGUID+" 0}", "C: )", "S: OK success",
		"C: APPLY MAILBOX %(UNIQUEID u1 MBOXNAME user.alice SYNC_CRC 0 LAST_UID 3 HIGHESTMODSEQ 15 RECENTUID 0 RECENTTIME 0"+
			" LAST_APPENDDATE 1795475749 POP3_LAST_LOGIN 0 XCONVMODSEQ 15 UIDVALIDITY 1795475749 PARTITION default"+
			" ACL \"bob\tlrs\talice\tlrswipkxtecda\t\" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 1 FOLDERMODSEQ 2"+
			" RECORD (%(UID 3 MODSEQ 15 LAST_UPDATED 1795475749 FLAGS (\\Seen) INTERNALDATE 1700000000 SIZE 0 GUID "+emptyGUID+own(15, 1795475749)+")))",
		"S: OK success",
		"C: APPLY MAILBOX %(UNIQUEID u2 MBOXNAME user.alice.K&APY-ln SYNC_CRC 0 LAST_UID 1 HIGHESTMODSEQ 17 RECENTUID 0 RECENTTIME 0"+
			" LAST_APPENDDATE 1600000000 POP3_LAST_LOGIN 0 XCONVMODSEQ 17 UIDVALIDITY 1600000000 PARTITION default"+
			" ACL \"alice\tlrs\t\" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 16 FOLDERMODSEQ 16"+
			" RECORD (%(UID 1 MODSEQ 17 LAST_UPDATED 1600000000 FLAGS () INTERNALDATE 1600000000 SIZE 0 GUID "+emptyGUID+own(17, 1600000000)+")))",
		"S: OK success", "C: EXIT",
	)}})
	err := v.Seed(soon(t), "alice", []SeedMailbox{
		{Name: "INBOX/Köln", UniqueID: "u2", UIDValidity: 1600000000, ACL: "alice lrs", Messages: emptyMessages(1)},
		{Name: "INBOX", UniqueID: "another", Messages: []target.AppendMessage{{Flags: []string{`\Seen`}, InternalDate: time.Unix(1700000000, 0)}}},
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSeedFailures(t *testing.T) {
	found := []string{"C: GET USER alice", mailboxLine("user.alice", ""), mailboxLine("user.alice.node", " MBOXTYPE i"), "S: OK success"}
	sent := wiretest.Lines(found, []string{"C: APPLY MESSAGE (%{default " + emptyGUID + " 0}", "C: )"})
	inbox := SeedMailbox{Name: "INBOX", Messages: emptyMessages(1)}
	for name, test := range map[string]struct {
		conversation []string
		mailbox      SeedMailbox
		want         string
	}{
		"no account": {[]string{"C: GET USER alice", "S: OK success"}, inbox, "there is no such account"},
		"no parent":  {found, SeedMailbox{Name: "INBOX/a/b", UniqueID: "u", UIDValidity: 1}, `INBOX/a/b: there is no mailbox "INBOX/a" to hold it`},
		"not owned":  {found, SeedMailbox{Name: "user/bob", UniqueID: "u", UIDValidity: 1}, `user/bob: there is no mailbox "user" to hold it`},
		"no name":    {found, SeedMailbox{UniqueID: "u", UIDValidity: 1}, `: there is no mailbox "" to hold it`},
		"no ids":     {found, SeedMailbox{Name: "INBOX/a"}, "INBOX/a: a mailbox that is made needs a unique ID and a UIDVALIDITY"},
		"a node":     {found, SeedMailbox{Name: "INBOX/node"}, "INBOX/node: it is no mailbox for mail"},
		"no ACL":     {found, SeedMailbox{Name: "INBOX", ACL: "alice"}, `INBOX: "alice" is no entry of an ACL`},
		"no":         {wiretest.Lines(sent, []string{"S: NO Permission denied"}), inbox, "APPLY MESSAGE: refused: NO Permission denied"},
		"lost":       {wiretest.Lines(sent, []string{"close"}), inbox, "APPLY MESSAGE: reading the answer: EOF"},
		"deadline":   {sent, inbox, "APPLY MESSAGE: reading the answer: context deadline exceeded"},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := viewOf(t, map[Service][][]string{Sync: {syncTalk(test.conversation...)}})
			err := v.Seed(soon(t), "alice", []SeedMailbox{test.mailbox})
			if want := "seeding alice on imap1: " + test.want; err == nil || err.Error() != want {
				t.Errorf("%s:\n got %v\nwant %s", name, err, want)
			}
		})
	}
}

// willing is a sync_server that has every account, takes all, and remembers
// what was applied: "MESSAGE 500", or "MAILBOX 500" with a number of records.
type willing struct {
	mu      sync.Mutex
	applied []string
	open    int
	most    int // connections at a time
}

func (w *willing) Dial(context.Context, Service) (net.Conn, error) {
	client, server := net.Pipe()
	w.count(1)
	go w.serve(server)
	return counted{client, w}, nil
}

// counted is a client's end that says when it is closed.
type counted struct {
	net.Conn
	of *willing
}

func (c counted) Close() error {
	c.of.count(-1)
	return c.Conn.Close()
}

func (w *willing) count(change int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open += change
	w.most = max(w.most, w.open)
}

func (w *willing) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprint(conn, "* OK ready\r\n")
	command := ""
	for in := bufio.NewReader(conn); ; {
		line, err := in.ReadString('\n')
		if err != nil || line == "EXIT\r\n" {
			return
		}
		if command += line; strings.HasPrefix(command, "APPLY") && !strings.HasSuffix(line, ")\r\n") {
			continue
		}
		if account, ok := strings.CutPrefix(command, "GET USER "); ok {
			_, _ = fmt.Fprintf(conn, "* MAILBOX %%(MBOXNAME user.%s UNIQUEID i LAST_UID 0 HIGHESTMODSEQ 1 UIDVALIDITY 1 ACL x)\r\n", strings.TrimSpace(account))
		}
		w.note(command)
		_, _ = fmt.Fprint(conn, "OK success\r\n")
		command = ""
	}
}

func (w *willing) note(command string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case strings.HasPrefix(command, "APPLY MESSAGE"):
		w.applied = append(w.applied, fmt.Sprint("MESSAGE ", strings.Count(command, "%{")))
	case strings.HasPrefix(command, "APPLY MAILBOX"):
		w.applied = append(w.applied, fmt.Sprint("MAILBOX ", strings.Count(command, "%(UID ")))
	}
}

func TestSeedInBatches(t *testing.T) {
	big := target.AppendMessage{Body: make([]byte, 5<<20)}
	for name, test := range map[string]struct {
		mailboxes []SeedMailbox
		want      []string
	}{
		"none":          {[]SeedMailbox{{Name: "INBOX/a", UniqueID: "a", UIDValidity: 1}}, []string{"MAILBOX 0"}},
		"full":          {[]SeedMailbox{{Name: "INBOX", Messages: emptyMessages(500)}}, []string{"MESSAGE 500", "MAILBOX 500"}},
		"over":          {[]SeedMailbox{{Name: "INBOX", Messages: emptyMessages(501)}}, []string{"MESSAGE 500", "MAILBOX 500", "MESSAGE 1", "MAILBOX 1"}},
		"across":        {[]SeedMailbox{{Name: "INBOX", Messages: emptyMessages(300)}, {Name: "INBOX/a", UniqueID: "a", UIDValidity: 1, Messages: emptyMessages(300)}}, []string{"MESSAGE 500", "MAILBOX 300", "MAILBOX 200", "MESSAGE 100", "MAILBOX 100"}},
		"big":           {[]SeedMailbox{{Name: "INBOX", Messages: []target.AppendMessage{big, {}, big}}}, []string{"MESSAGE 2", "MAILBOX 2", "MESSAGE 1", "MAILBOX 1"}},
		"child, parent": {[]SeedMailbox{{Name: "INBOX/a/b", UniqueID: "b", UIDValidity: 1}, {Name: "INBOX/a", UniqueID: "a", UIDValidity: 1}}, []string{"MAILBOX 0", "MAILBOX 0"}},
	} {
		server := &willing{}
		v := New(target.Imap1, server, Credentials{Admin: "admin", Password: "secret"})
		err := v.Seed(soon(t), "alice", test.mailboxes)
		if diff := cmp.Diff(test.want, server.applied); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestSeedSideBySide(t *testing.T) {
	server := &willing{}
	v := New(target.Imap1, server, Credentials{Admin: "admin", Password: "secret"})
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			if err := v.Seed(soon(t), fmt.Sprint("user", i), []SeedMailbox{{Name: "INBOX", Messages: emptyMessages(20)}}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(server.applied) != 24 {
		t.Errorf("%d changes applied, want 24", len(server.applied))
	}
	if server.most > keptConnections || server.open != 0 {
		t.Errorf("%d connections at a time, want at most %d; %d are left open", server.most, keptConnections, server.open)
	}
}

// Who waits for a connection waits no longer than the context lasts.
func TestSeedWaitsNotForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := viewOf(t, nil)
		for range cap(v.seeding) {
			v.seeding <- struct{}{}
		}
		if err := v.Seed(soon(t), "alice", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
