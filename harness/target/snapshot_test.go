package target_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// fixed is a server with one mailbox, of which some bodies cannot be had.
type fixed struct {
	target.Server
	target.Session
	target.UserView
	mailboxes []target.Mailbox
	bodies    map[uint32]string
	unlisted  bool // no mailbox is on the server's list
	logins    int
}

func (f *fixed) Name() target.ServerName { return target.Imap1 }

func (f *fixed) Index() target.IndexView { return f }

func (f *fixed) User() target.UserView { return f }

func (f *fixed) Mailboxes(context.Context, string) ([]target.Mailbox, error) {
	headers := make([]target.Mailbox, len(f.mailboxes))
	for i, m := range f.mailboxes {
		headers[i] = m
		headers[i].Records = nil
	}
	return headers, nil
}

func (f *fixed) Mailbox(_ context.Context, _, name string) (target.Mailbox, error) {
	for _, m := range f.mailboxes {
		if m.Name == name {
			return m, nil
		}
	}
	return target.Mailbox{}, errors.New("no such mailbox")
}

func (f *fixed) Meta(context.Context, string) (target.Meta, error) {
	return target.Meta{Subscriptions: []string{"INBOX"}}, nil
}

func (f *fixed) Login(context.Context, string) (target.Session, error) {
	f.logins++
	return f, nil
}

func (f *fixed) Listed(context.Context, string) ([]string, error) {
	if f.unlisted {
		return nil, nil
	}
	return []string{"INBOX"}, nil
}

func (f *fixed) Deliver(context.Context, string, []byte) error { return errors.New("not expected") }

func (f *fixed) Scripts(context.Context, string) (target.ScriptSession, error) {
	return nil, errors.New("not expected")
}

func (f *fixed) Close() error { return nil }

func (f *fixed) Bodies(_ context.Context, _ string, _ []uint32, each func(uint32, []byte) error) error {
	for uid, body := range f.bodies {
		if err := each(uid, []byte(body)); err != nil {
			return err
		}
	}
	return each(4, nil)
}

func TestSnapshotLevels(t *testing.T) {
	f := &fixed{
		mailboxes: []target.Mailbox{{Name: "INBOX", Records: []target.Record{{UID: 1}, {UID: 2, Expunged: true}, {UID: 3}, {UID: 4}}}},
		bodies:    map[uint32]string{1: "one"},
	}
	take := func(level target.Level) target.Snapshot {
		snap, err := target.TakeSnapshot(t.Context(), f, "alice", level)
		if err != nil || snap.Level != level || snap.Account != "alice" || snap.Server != target.Imap1 {
			t.Fatalf("%s: %+v, %v", level, snap, err)
		}
		return snap
	}
	if s := take(target.LevelStatus); len(s.Mailboxes[0].Records) != 0 || s.Meta.Subscriptions != nil {
		t.Errorf("status: %+v", s)
	}
	if s := take(target.LevelIndex); len(s.Mailboxes[0].Records) != 4 || s.Meta.Subscriptions == nil || f.logins != 0 {
		t.Errorf("index: %+v after %d logins", s, f.logins)
	}
	got := []string{}
	for _, r := range take(target.LevelBody).Mailboxes[0].Records {
		got = append(got, r.BodySHA1)
	}
	// A tombstone has no body; what was not given, or given as nothing, is none.
	want := []string{target.DigestBody([]byte("one")), "", target.NoBody, target.NoBody}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("UID %d: body %q, want %q", i+1, got[i], want[i])
		}
	}
}

// On a master, a login makes a mailbox where there is none: looking must not.
func TestSnapshotOfNoAccountDoesNotLogIn(t *testing.T) {
	f := &fixed{}
	if _, err := target.TakeSnapshot(t.Context(), f, "nobody", target.LevelBody); err != nil || f.logins != 0 {
		t.Errorf("%d logins, %v", f.logins, err)
	}
}

// An INBOX that is told, and not on the list, would be made by a login as well.
func TestLookingDoesNotLogInWhereThereIsNoInbox(t *testing.T) {
	f := &fixed{unlisted: true, mailboxes: []target.Mailbox{{Name: "INBOX/A", Records: []target.Record{{UID: 1}}}}}
	_, err := target.TakeSnapshot(t.Context(), f, "alice", target.LevelBody)
	var none *target.NoInboxError
	if !errors.As(err, &none) || f.logins != 0 {
		t.Errorf("%d logins, %v", f.logins, err)
	}
}
