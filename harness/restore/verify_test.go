package restore_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/sim"
)

// flagged is an incident in which three messages with flags and dates are missing (UIDs 2
// and 3 of an INBOX of which the first was expunged, and UID 1 of a mailbox that is missing
// with it), and its plan. Appended: all come back under new UIDs.
func flagged(t *testing.T, appended bool) (*restoretest.Incident, restore.Plan) {
	t.Helper()
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	return flaggedOn(t, pair, appended)
}

func flaggedOn(t *testing.T, pair target.Pair, appended bool) (*restoretest.Incident, restore.Plan) {
	t.Helper()
	in := restoretest.LoseWith(t, pair, "alice", func(session target.Session) error {
		if _, _, err := session.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("Subject: gone\r\n\r\nx\r\n")}); err != nil {
			return err
		}
		if err := session.Expunge(t.Context(), "INBOX", []uint32{1}); err != nil {
			return err
		}
		for i, mailbox := range []string{"INBOX", "INBOX", "INBOX/New"} {
			if i == 2 {
				if err := session.CreateMailbox(t.Context(), mailbox); err != nil {
					return err
				}
			}
			_, _, err := session.Append(t.Context(), mailbox, target.AppendMessage{
				Body: []byte("Subject: " + mailbox + string(rune('a'+i)) + "\r\n\r\nx\r\n"), Flags: []string{`\Flagged`, "$Work"},
				InternalDate: time.Date(2020, 1, 1+i, 8, 0, 0, 0, time.UTC),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if appended {
		in.ByAppend()
	}
	plan := in.Plan(t)
	if n := plan.Count(restore.Copy) + plan.Count(restore.PutBack); n != 3 || appended != (plan.Count(restore.PutBack) == 0) || appended == (plan.Count(restore.Remake) == 1) {
		t.Fatalf("planned: %v", plan.Actions)
	}
	return in, plan
}

// What is not as it was is told before the next account is begun, and nothing else is.
func TestReadsBackWhatIsRecorded(t *testing.T) {
	forget := func(m *target.AppendMessage) { m.Flags = []string{"$Work"} }
	shift := func(m *target.AppendMessage) { m.InternalDate = m.InternalDate.Add(time.Hour) }
	record := func(key string, change func(*dlist.Value)) func(*dlist.Value) {
		return func(what *dlist.Value) { changeRecords(what, key, change) }
	}
	for _, tc := range []struct {
		name   string
		append func(*target.AppendMessage)
		apply  func(*dlist.Value)
		says   string // empty: nothing is wrong
	}{
		{name: "appended as it was", append: func(*target.AppendMessage) {}},
		{name: "appended without a flag", append: forget, says: `has the flags ["$Work"] there, not ["$Work" "\\Flagged"], and nobody has changed them`},
		{name: "appended an hour later", append: shift, says: "has INTERNALDATE 2020-01-01 09:00:00 there, not 2020-01-01 08:00:00"},
		{name: "put back as it was", apply: func(*dlist.Value) {}},
		{name: "put back without a flag", apply: record("FLAGS", func(v *dlist.Value) { v.Items = v.Items[:1] }), says: "and nobody has changed them"},
		{name: "put back an hour later", apply: record("INTERNALDATE", func(v *dlist.Value) { v.Text = "1577869200" }), says: "has INTERNALDATE 2020-01-01 09:00:00 there, not"},
		{name: "put back under another UID", apply: record("UID", func(v *dlist.Value) { v.Text += "0" }), says: "which was put back into INBOX/New, has UID 10 there"},
		{name: "made again under another UIDVALIDITY", apply: func(what *dlist.Value) {
			if what.TextOf("MBOXNAME") == "user.alice.New" {
				change(what, "UIDVALIDITY", func(v *dlist.Value) { v.Text = "4000000000" })
			}
		}, says: "INBOX/New of alice, which was made again, has UIDVALIDITY"},
		{name: "made again as another one", apply: func(what *dlist.Value) {
			if what.TextOf("MBOXNAME") == "user.alice.New" {
				change(what, "MBOXNAME", func(v *dlist.Value) { v.Text = "user.alice.Old" })
				change(what, "UNIQUEID", func(v *dlist.Value) { v.Text += "x" })
			}
		}, says: "which was made again, is not there, and nobody has deleted it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in, plan := flagged(t, tc.append != nil)
			in.Scene.Serving = spoiled{in.Scene.Serving, tc.append}
			if tc.apply != nil {
				in.Scene.Sync = spoiledLines{in.Scene.Sync, tc.apply}
			}
			_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
			if tc.says == "" && err != nil {
				t.Error(err)
			}
			if tc.says != "" && (!restore.IsUnsound(err) || !strings.Contains(err.Error(), tc.says)) {
				t.Errorf("said: %v", err)
			}
		})
	}
}

// What a user has changed before it was read back is no fault of the restore's.
func TestReadsBackPastItsUser(t *testing.T) {
	for _, appended := range []bool{true, false} {
		in, plan := flagged(t, appended)
		mailboxes := map[string]bool{}
		in.Scene.Serving = reader{in.Scene.Serving, func(session target.Session, mailbox string) error {
			if mailboxes[mailbox] {
				return nil
			}
			mailboxes[mailbox] = true
			return session.SetFlags(t.Context(), mailbox, []uint32{1, 2}, []string{`\Seen`}, []string{"$Work"})
		}}
		report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
		if err != nil || len(mailboxes) != 2 {
			t.Errorf("appended: %v: %s, %v; read %v", appended, report.InWords(), err, mailboxes)
		}
	}
}

// spoiled is a server that stores something else than it was sent.
type spoiled struct {
	target.Server
	spoil func(*target.AppendMessage)
}

func (s spoiled) User() target.UserView { return spoiledUser{s.Server.User(), s.spoil} }

type spoiledUser struct {
	target.UserView
	spoil func(*target.AppendMessage)
}

func (u spoiledUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return spoiledSession{session, session.(target.CreationTeller), u.spoil}, err
}

type spoiledSession struct {
	target.Session
	target.CreationTeller
	spoil func(*target.AppendMessage)
}

func (s spoiledSession) Append(ctx context.Context, mailbox string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	messages = slices.Clone(messages)
	for i := range messages {
		s.spoil(&messages[i])
	}
	return s.Session.Append(ctx, mailbox, messages...)
}

// spoiledLines let the serving server be told something else.
type spoiledLines struct {
	target.SyncDialer
	spoil func(*dlist.Value)
}

func (s spoiledLines) DialSync(ctx context.Context, server target.ServerName) (target.SyncConversation, error) {
	line, err := s.SyncDialer.DialSync(ctx, server)
	return spoiledLine{line, s.spoil}, err
}

type spoiledLine struct {
	target.SyncConversation
	spoil func(*dlist.Value)
}

func (s spoiledLine) Apply(ctx context.Context, what dlist.Value) error {
	if what.Key == "MAILBOX" {
		what.Items = slices.Clone(what.Items)
		s.spoil(&what)
	}
	return s.SyncConversation.Apply(ctx, what)
}

// change changes a field of a map.
func change(of *dlist.Value, key string, how func(*dlist.Value)) {
	for i := range of.Items {
		if of.Items[i].Key == key {
			how(&of.Items[i])
		}
	}
}

// changeRecords changes a field of each record of a mailbox.
func changeRecords(mailbox *dlist.Value, key string, how func(*dlist.Value)) {
	change(mailbox, "RECORD", func(records *dlist.Value) {
		for i := range records.Items {
			change(&records.Items[i], key, how)
		}
	})
}

// reader is a server whose user is at work when bodies are read.
type reader struct {
	target.Server
	does func(session target.Session, mailbox string) error
}

func (r reader) User() target.UserView { return readerUser{r.Server.User(), r} }

type readerUser struct {
	target.UserView
	reader reader
}

func (u readerUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return readerSession{session, session.(target.CreationTeller), u.reader}, err
}

type readerSession struct {
	target.Session
	target.CreationTeller
	reader reader
}

func (s readerSession) Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uint32, []byte) error) error {
	if err := s.Session.Bodies(ctx, mailbox, uids, each); err != nil {
		return err
	}
	return s.reader.does(s.Session, mailbox)
}
