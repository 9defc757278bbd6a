package fieldtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Mail is a message that is told from others by its number.
func Mail(account string, n int) []byte {
	return fmt.Appendf(nil, "Subject: %d\r\nMessage-ID: <%d@%s>\r\n\r\nHello.\r\n", n, n, account)
}

// Apart are the edits of a configuration that say of Imap1 that it was rescued, and of
// Imap2 that it serves.
func Apart() []string {
	return []string{"role: master", "role: rescued", "role: replica", "role: serving"}
}

// Incident lets the master die with changes of these accounts that were never replicated:
// two messages, an expunge (UID 1), a flag (\Flagged of UID 2), a mailbox with a message, and
// another script. Imap2 serves from then on, its users do what is said, and Imap1 is
// brought up apart.
func (l *Lab) Incident(t testing.TB, users func(context.Context, target.UserView) error, accounts ...string) {
	t.Helper()
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		arrive := func(ctx context.Context, account string, n int) error {
			return p.Serving().User().Deliver(ctx, account, Mail(account, n))
		}
		before := func(user target.UserView, account string) error { return Before(ctx, user, account, arrive) }
		lost := func(user target.UserView, account string) error { return Lost(ctx, user, account, arrive) }
		each := func(do func(target.UserView, string) error) (err error) {
			for _, account := range accounts {
				err = errors.Join(err, do(p.Serving().User(), account))
			}
			return err
		}
		if err := errors.Join(each(before), p.Clock().Sleep(ctx, time.Minute)); err != nil {
			return err
		}
		_, stopped := p.Saboteur().Suspend(ctx, target.Imap1, "sync_client")
		err := errors.Join(stopped, each(lost))
		_, killed := p.Saboteur().KillServer(ctx, target.Imap1)
		if err = errors.Join(err, killed, p.Operator().Promote(ctx, target.Imap2)); err == nil && users != nil {
			err = users(ctx, p.Serving().User())
		}
		return errors.Join(err, p.Operator().Rescue(ctx, target.Imap1))
	})
}

// Arrive lets an account have a message of a number.
type Arrive func(ctx context.Context, account string, n int) error

func (arrive Arrive) all(ctx context.Context, account string, from, to int) error {
	for n := from; n <= to; n++ {
		if err := arrive(ctx, account, n); err != nil {
			return err
		}
	}
	return nil
}

// Before gives an account what is replicated before an incident.
func Before(ctx context.Context, user target.UserView, account string, arrive Arrive) error {
	return errors.Join(arrive.all(ctx, account, 1, 5), putScript(ctx, user, account, "keep; # as it was\r\n"))
}

// Lost is what an account's user does that is never replicated.
func Lost(ctx context.Context, user target.UserView, account string, arrive Arrive) error {
	return errors.Join(arrive.all(ctx, account, 6, 7), change(ctx, user, account), putScript(ctx, user, account, "keep; # as it is\r\n"))
}

func change(ctx context.Context, user target.UserView, account string) error {
	session, err := user.Login(ctx, account)
	if err != nil {
		return err
	}
	made := session.CreateMailbox(ctx, "INBOX/Work")
	if made == nil {
		_, _, made = session.Append(ctx, "INBOX/Work", target.AppendMessage{Flags: []string{`\Seen`}, Body: Mail(account, 8)})
	}
	return errors.Join(made, session.Expunge(ctx, "INBOX", []uint32{1}), session.SetFlags(ctx, "INBOX", []uint32{2}, []string{`\Flagged`}, nil), session.Close())
}

func putScript(ctx context.Context, user target.UserView, account, source string) error {
	scripts, err := user.Scripts(ctx, account)
	if err != nil {
		return err
	}
	return errors.Join(scripts.Put(ctx, "rules", []byte(source)), scripts.Activate(ctx, "rules"), scripts.Close())
}

// Data are the files with mail, indexes and scripts of both servers.
func (l *Lab) Data(t testing.TB) map[target.ServerName]map[string]string {
	t.Helper()
	all := map[target.ServerName]map[string]string{}
	l.Act(t, func(ctx context.Context, p *sim.Pair) (err error) {
		for _, s := range p.Servers() {
			var wrong error
			all[s.Name()], wrong = s.Host().DataFiles(ctx)
			err = errors.Join(err, wrong)
		}
		return err
	})
	return all
}

// Serving is what the serving server has of an account, to the body.
func (l *Lab) Serving(t testing.TB, account string) (snap target.Snapshot) {
	t.Helper()
	l.Act(t, func(ctx context.Context, p *sim.Pair) (err error) {
		snap, err = target.TakeSnapshot(ctx, p.Serving(), account, target.LevelBody)
		return err
	})
	return snap
}
