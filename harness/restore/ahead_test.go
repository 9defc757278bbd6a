package restore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// batches are written in so many commands, where none is full of bytes.
func batches(messages int) int { return (messages + 499) / 500 }

// read is a server that notes when mail is read from it, and may refuse to give it.
type read struct {
	target.Server
	bodies func() error
}

func (r read) User() target.UserView { return readUser{r.Server.User(), r} }

type readUser struct {
	target.UserView
	server read
}

func (u readUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return readSession{session, u.server}, err
}

type readSession struct {
	target.Session
	server read
}

func (s readSession) Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uint32, []byte) error) error {
	if err := s.server.bodies(); err != nil {
		return err
	}
	return s.Session.Bodies(ctx, mailbox, uids, each)
}

// synced is a journal that counts how often it has to be made safe.
type synced struct {
	journal.Memory
	times int
}

func (s *synced) Append(data []byte) error {
	s.times++
	return s.Memory.Append(data)
}

// While a batch is written the next one is read, each once, and the disk is waited for once
// a batch: what is written down between two commands is safe before the second is sent.
func TestReadsAheadWhileItWrites(t *testing.T) {
	const messages = 2000
	in, plan := lost(t, 1, messages, 500)
	reads, written, ahead := 0, 0, 0
	in.Scene.Rescued = read{in.Scene.Rescued, func() error { reads++; return nil }}
	in.Scene.Serving = hooked{
		Server: in.Scene.Serving,
		before: func(ctx context.Context, _ string, _ []target.AppendMessage) error {
			return in.Scene.Clock.Sleep(ctx, time.Minute)
		},
		after: func(err error) error {
			if written++; reads > written {
				ahead++
			}
			return err
		},
	}
	store := &synced{}
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store}); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, in, messages)
	if n := batches(messages); reads != n || ahead != n-1 {
		t.Errorf("of %d batches %d were read, %d of them ahead", n, reads, ahead)
	}
	// The first line, each batch's begin, the last one's end, the account's, and the end.
	if want := 1 + batches(messages) + 1 + 1 + 1; store.times != want {
		t.Errorf("the journal was made safe %d times, want %d", store.times, want)
	}
}

// arrive has some of the messages that are missing come to the serving server, as by an
// earlier restore that left no journal.
func arrive(t *testing.T, in *restoretest.Incident, account string, uids []uint32) {
	t.Helper()
	source, err := in.Scene.Rescued.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	destination, err := in.Scene.Serving.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	records, err := source.Records(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	var messages []target.AppendMessage
	err = source.Bodies(t.Context(), "INBOX", uids, func(uid uint32, body []byte) error {
		i := slices.IndexFunc(records, func(r target.Record) bool { return r.UID == uid })
		messages = append(messages, target.AppendMessage{InternalDate: records[i].InternalDate, Body: body})
		return nil
	})
	if err == nil {
		_, _, err = destination.Append(t.Context(), "INBOX", messages...)
	}
	if err = errors.Join(err, source.Close(), destination.Close()); err != nil {
		t.Fatal(err)
	}
}

// What is wrong with reading ahead does not touch what is being written: it is for the next
// batch to fail, or to read anew. What was found to have come already before it went wrong
// is not copied after all.
func TestReadingAheadFails(t *testing.T) {
	const messages = 2000
	for failing := range batches(messages) {
		in, plan := lost(t, 1, messages, 500)
		came := []uint32{510, 511, 600, 1020, 1520, 1999}
		arrive(t, in, "u00", came)
		reads, appends := 0, 0
		in.Scene.Rescued = read{in.Scene.Rescued, func() error {
			if reads++; reads == failing+1 {
				return errors.New("connection reset")
			}
			return nil
		}}
		in.Scene.Serving = hooked{Server: in.Scene.Serving, before: func(ctx context.Context, _ string, _ []target.AppendMessage) error {
			appends++
			return in.Scene.Clock.Sleep(ctx, time.Minute)
		}}
		report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
		if err != nil || report.Copied != messages-len(came) || report.Found != len(came) || appends != batches(messages) {
			t.Errorf("read %d fails: %v, %s, %d commands", failing+1, err, report.InWords(), appends)
		}
		wantWhole(t, in, messages)
	}
}

// A restore that ends while the next batch was read has not begun with that one.
func TestWhatWasReadAheadIsNotBegun(t *testing.T) {
	const messages = 1500
	in, plan := lost(t, 1, messages, 500)
	appends := 0
	serving := in.Scene.Serving
	in.Scene.Serving = hooked{Server: serving, before: func(ctx context.Context, _ string, _ []target.AppendMessage) error {
		if err := in.Scene.Clock.Sleep(ctx, time.Minute); err != nil {
			return err
		}
		if appends++; appends == 2 {
			return &target.RefusedError{Command: "APPEND INBOX", Status: "NO", Code: "OVERQUOTA", Text: "no room"}
		}
		return nil
	}}
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err != nil || report.Copied != 1000 || len(report.Left) != 500 {
		t.Fatalf("%v: %s", err, report.InWords())
	}
	left := func(l restore.Left) bool { return l.Action.UID <= 500 || l.Action.UID > 1000 }
	if slices.ContainsFunc(report.Left, left) {
		t.Errorf("others were left than those of the second command: %v", report.Left[0].Action)
	}
}
