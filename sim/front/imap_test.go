package front_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

func imapClient(t *testing.T, f *front.Fronts, server target.ServerName, options *imapclient.Options) *imapclient.Client {
	t.Helper()
	c := imapclient.New(dial(t, f, server, front.ServiceIMAP), options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func loggedIn(t *testing.T, f *front.Fronts, server target.ServerName, account string, options *imapclient.Options) *imapclient.Client {
	t.Helper()
	c := imapClient(t, f, server, options)
	noError(t, c.Login(account, "anything").Wait())
	return c
}

const testMessage = "Message-ID: <1@test.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Bob <bob@test.example>\r\n" +
	"Date: Mon, 5 Jan 2026 08:00:00 +0000\r\nX-Long: a\r\n\tb\r\n\r\nHello there.\r\n"

func appendMail(t *testing.T, c *imapclient.Client, mailbox, body string, flags ...imap.Flag) *imap.AppendData {
	t.Helper()
	cmd := c.Append(mailbox, int64(len(body)), &imap.AppendOptions{Flags: flags, Time: time.Date(2025, 2, 3, 4, 5, 6, 0, time.UTC)})
	_, err := io.WriteString(cmd, body)
	noError(t, err)
	noError(t, cmd.Close())
	data, err := cmd.Wait()
	noError(t, err)
	return data
}

func TestIMAPWhatIsAppendedIsFetched(t *testing.T) {
	f := open(t, "alice")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	stored := appendMail(t, c, "INBOX", testMessage, imap.FlagFlagged, "$Work")
	selected, err := c.Select("inbox", nil).Wait()
	noError(t, err)
	if selected.NumMessages != 1 || stored.UID != 1 || selected.UIDValidity != stored.UIDValidity || selected.UIDNext != 2 {
		t.Errorf("stored as %+v, selected %+v", stored, selected)
	}
	section, header := &imap.FetchItemBodySection{Peek: true}, &imap.FetchItemBodySection{
		Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"x-long"}, Peek: true,
	}
	partial := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierText, Peek: true, Partial: &imap.SectionPartial{Offset: 6, Size: 5}}
	got, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, RFC822Size: true, Envelope: true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, BodySection: []*imap.FetchItemBodySection{section, header, partial},
	}).Collect()
	noError(t, err)
	m := got[0]
	if string(m.FindBodySection(section)) != testMessage || string(m.FindBodySection(header)) != "X-Long: a\r\n\tb\r\n\r\n" ||
		string(m.FindBodySection(partial)) != "there" {
		t.Errorf("body sections: %v", m.BodySection)
	}
	if m.Envelope.Subject != "Grüße" || m.RFC822Size != int64(len(testMessage)) || m.InternalDate.Unix() != 1738555506 || m.UID != 1 {
		t.Errorf("fetched %+v, envelope %+v", m, m.Envelope)
	}
	if diff := cmp.Diff([]imap.Flag{"$Work", imap.FlagFlagged}, m.Flags); diff != "" {
		t.Error(diff)
	}
}

func TestIMAPFetchMarksAsSeenUnlessItPeeks(t *testing.T) {
	f := open(t, "alice")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	appendMail(t, c, "INBOX", testMessage)
	for _, way := range []struct {
		readOnly, peek, seen bool
	}{{true, false, false}, {false, true, false}, {false, false, true}} {
		_, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: way.readOnly}).Wait()
		noError(t, err)
		_, err = c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: way.peek}}}).Collect()
		noError(t, err)
		found, err := c.Search(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
		noError(t, err)
		if seen := len(found.AllSeqNums()) == 1; seen != way.seen {
			t.Errorf("%+v: seen %v", way, seen)
		}
	}
}

func TestIMAPStoreSearchCopyMoveExpunge(t *testing.T) {
	f := open(t, "alice")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	for _, subject := range []string{"one", "two", "three", "four"} {
		appendMail(t, c, "INBOX", "Subject: "+subject+"\r\n\r\nbody of "+subject+"\r\n")
	}
	noError(t, c.Create("INBOX/Work", nil).Wait())
	_, err := c.Select("INBOX", nil).Wait()
	noError(t, err)
	stored, err := c.Store(imap.SeqSetNum(2, 3), &imap.StoreFlags{Op: imap.StoreFlagsSet, Flags: []imap.Flag{imap.FlagDeleted, "$A"}}, nil).Collect()
	noError(t, err)
	if len(stored) != 2 || !cmp.Equal(stored[0].Flags, []imap.Flag{"$A", imap.FlagDeleted}) {
		t.Errorf("stored %+v", stored)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{
		Or: [][2]imap.SearchCriteria{{{Body: []string{"OF ONE"}}, {Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "thr"}}}}},
	}, nil).Wait()
	noError(t, err)
	if diff := cmp.Diff([]imap.UID{1, 3}, found.AllUIDs()); diff != "" {
		t.Error(diff)
	}
	copied, err := c.Copy(imap.SeqSetNum(1), "INBOX/Work").Wait()
	noError(t, err)
	if diff := cmp.Diff("1 1", copied.SourceUIDs.String()+" "+copied.DestUIDs.String()); diff != "" {
		t.Error(diff)
	}
	moved, err := c.Move(imap.UIDSetNum(4), "INBOX/Work").Wait()
	noError(t, err)
	if diff := cmp.Diff("4 2", moved.SourceUIDs.(imap.UIDSet).String()+" "+moved.DestUIDs.(imap.UIDSet).String()); diff != "" {
		t.Error(diff)
	}
	expunged, err := c.Expunge().Collect()
	noError(t, err)
	if diff := cmp.Diff([]uint32{3, 2}, expunged); diff != "" {
		t.Error(diff)
	}
	status, err := c.Status("INBOX/Work", &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true}).Wait()
	noError(t, err)
	if *status.NumMessages != 2 || *status.NumUnseen != 2 || status.UIDNext != 3 {
		t.Errorf("status %+v", status)
	}
}

func TestIMAPMailboxesAndSubscriptions(t *testing.T) {
	f := open(t, "alice")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	for _, name := range []string{"INBOX/Köln", "INBOX/a", "INBOX/a/b"} {
		noError(t, c.Create(name, nil).Wait())
	}
	noError(t, c.Subscribe("INBOX/a").Wait())
	noError(t, c.Rename("INBOX/Köln", "INBOX/Bonn", nil).Wait())
	list := func(pattern string, options *imap.ListOptions) (names []string) {
		t.Helper()
		got, err := c.List("", pattern, options).Collect()
		noError(t, err)
		for _, each := range got {
			names = append(names, each.Mailbox)
		}
		return names
	}
	for _, want := range []struct {
		pattern string
		options *imap.ListOptions
		names   []string
	}{
		{"*", nil, []string{"INBOX", "INBOX/Bonn", "INBOX/a", "INBOX/a/b"}},
		{"INBOX/%", nil, []string{"INBOX/Bonn", "INBOX/a"}},
		{"*", &imap.ListOptions{SelectSubscribed: true}, []string{"INBOX/a"}},
	} {
		if diff := cmp.Diff(want.names, list(want.pattern, want.options)); diff != "" {
			t.Errorf("LIST %s: %s", want.pattern, diff)
		}
	}
	for what, err := range map[string]error{
		"Mailbox has inferior hierarchical names": c.Delete("INBOX/a").Wait(),
		"Mailbox already exists":                  c.Create("INBOX/Bonn", nil).Wait(),
		"Mailbox does not exist":                  c.Delete("INBOX/none").Wait(),
	} {
		var refused *imap.Error
		if !errors.As(err, &refused) || refused.Type != imap.StatusResponseTypeNo || refused.Text != what {
			t.Errorf("%v, want NO %s", err, what)
		}
	}
	_, err := c.Copy(imap.SeqSetNum(1), "INBOX").Wait()
	if err == nil {
		t.Error("COPY without SELECT is taken")
	}
}

func TestIMAPRefusalsCarryTheirCode(t *testing.T) {
	f := open(t, "alice")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	cmd := c.Append("INBOX/none", 4, nil)
	_, _ = io.WriteString(cmd, "x\r\n\n")
	_ = cmd.Close()
	_, err := cmd.Wait()
	var refused *imap.Error
	if !errors.As(err, &refused) || refused.Code != imap.ResponseCodeTryCreate {
		t.Errorf("%v, want TRYCREATE", err)
	}
}

func TestIMAPWhoMayLogIn(t *testing.T) {
	f := open(t, "alice")
	admin := imapClient(t, f, target.Imap1, nil)
	noError(t, admin.Authenticate(sasl.NewPlainClient("alice", adminUser, adminPassword)))
	for name, client := range map[string]sasl.Client{
		"the administrator with a wrong password": sasl.NewPlainClient("alice", adminUser, "wrong"),
		"somebody as another":                     sasl.NewPlainClient("alice", "bob", "x"),
		"nobody":                                  sasl.NewPlainClient("", "", "x"),
	} {
		if err := imapClient(t, f, target.Imap1, nil).Authenticate(client); err == nil {
			t.Errorf("%s is let in", name)
		}
	}
}

func TestIMAPIdleSeesADelivery(t *testing.T) {
	f := open(t, "alice")
	seen := make(chan uint32, 16)
	c := loggedIn(t, f, target.Imap1, "alice", &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				seen <- *data.NumMessages
			}
		},
	}})
	_, err := c.Select("INBOX", nil).Wait()
	noError(t, err)
	idle, err := c.Idle()
	noError(t, err)
	deliver(t, f, target.Imap1, "alice")
	select {
	case n := <-seen:
		if n != 1 {
			t.Errorf("told of %d messages", n)
		}
	case <-time.After(soon):
		t.Error("IDLE says nothing of a delivery")
	}
	noError(t, idle.Close())
	noError(t, idle.Wait())
}

// Sequence numbers stay those that the client knows, whatever others do.
func TestIMAPNumbersStayUntilTheClientIsTold(t *testing.T) {
	f := open(t, "alice")
	c, other := loggedIn(t, f, target.Imap1, "alice", nil), loggedIn(t, f, target.Imap1, "alice", nil)
	for _, subject := range []string{"one", "two", "three"} {
		appendMail(t, c, "INBOX", "Subject: "+subject+"\r\n\r\n")
	}
	_, err := c.Select("INBOX", nil).Wait()
	noError(t, err)
	_, err = other.Select("INBOX", nil).Wait()
	noError(t, err)
	noError(t, other.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	noError(t, other.Expunge().Close())
	subject := func(number uint32) string {
		t.Helper()
		got, err := c.Fetch(imap.SeqSetNum(number), &imap.FetchOptions{Envelope: true}).Collect()
		noError(t, err)
		if len(got) == 0 {
			return "none"
		}
		return got[0].Envelope.Subject
	}
	if got := subject(3) + " " + subject(1); got != "three none" {
		t.Errorf("before the client is told: %s", got)
	}
	noError(t, c.Noop().Wait())
	if got := subject(2); got != "three" {
		t.Errorf("after: %s", got)
	}
}

func TestIMAPEndsWithTheLastWordsOfImapd(t *testing.T) {
	f := open(t, "alice")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	err := c.Rename("INBOX", "INBOX/x", nil).Wait() // of which Cyrus 3.6 dies
	if err == nil || !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "closed") && !strings.Contains(err.Error(), "reset") {
		t.Errorf("%v, want the connection lost", err)
	}
	noError(t, loggedIn(t, f, target.Imap1, "alice", nil).Noop().Wait())
}

func TestDeliveryIsReadFromTheReplica(t *testing.T) {
	f := open(t, "alice")
	deliver(t, f, target.Imap1, "alice")
	c := loggedIn(t, f, target.Imap2, "alice", nil)
	for deadline := time.Now().Add(soon); ; {
		selected, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
		noError(t, err)
		if selected.NumMessages == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the replica has not got the mail")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// While nobody asks, the pair's time goes on with the real one.
func TestTimeGoesOnWhileNobodyAsks(t *testing.T) {
	f := open(t)
	var began, now time.Time
	f.Do(func(p *sim.Pair) { began = p.Clock().Now() })
	for deadline := time.Now().Add(soon); !now.After(began.Add(100 * time.Millisecond)); {
		if time.Now().After(deadline) {
			t.Fatal("the pair's time stands still")
		}
		time.Sleep(10 * time.Millisecond)
		f.Do(func(p *sim.Pair) { now = p.Clock().Now() })
	}
}
