package drill_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// altered is a pair of which one server is not what it should be.
type altered struct {
	target.Pair
	alter func(target.Server) target.Server
}

func (a altered) Serving() target.Server { return a.alter(a.Pair.Serving()) }

func (a altered) Server(name target.ServerName) target.Server { return a.alter(a.Pair.Server(name)) }

func (a altered) Servers() [2]target.Server {
	both := a.Pair.Servers()
	return [2]target.Server{a.alter(both[0]), a.alter(both[1])}
}

const calm = `
apiVersion: cyrdrill/v1
name: calm
title: Nothing breaks
accounts: [alice]
steps:
  - deliver: {to: [alice], count: 2}
  - wait: {until: replicated, within: 5s}
  - expunge: {account: alice}
expect: {properties: [no-loss, no-resurrection]}
`

func runAltered(t *testing.T, alter func(target.Server) target.Server) *drill.Result {
	t.Helper()
	p := parse(t, calm)
	result, _ := drill.Run(t.Context(), p, altered{newPair(t, p), alter}, drill.Options{Target: "sim"})
	return result
}

func TestCalmPasses(t *testing.T) {
	wantVerdict(t, runAltered(t, func(s target.Server) target.Server { return s }), property.Pass, "")
}

// liar takes mail and says that it does not.
type liar struct{ target.Server }

func (l liar) User() target.UserView { return lyingUser{l.Server.User()} }

type lyingUser struct{ target.UserView }

func (u lyingUser) Deliver(ctx context.Context, account string, message []byte) error {
	if err := u.UserView.Deliver(ctx, account, message); err != nil {
		return err
	}
	return &target.RefusedError{Command: "DATA", Status: "550", Text: "no"}
}

// A ledger that contradicts itself is the harness's fault: no verdict rests on
// it.
func TestContradictionInTheLedgerIsUnknown(t *testing.T) {
	result := runAltered(t, func(s target.Server) target.Server { return liar{s} })
	wantVerdict(t, result, property.Unknown, "the ledger contradicts itself")
}

// backlog is a server whose sync log never gets empty.
type backlog struct{ target.Server }

func (b backlog) Host() target.HostView { return fullLog{b.Server.Host()} }

type fullLog struct{ target.HostView }

func (fullLog) SyncLog(context.Context) (target.SyncLog, error) {
	return target.SyncLog{InWork: target.LogFile{Entries: []string{"MAILBOX user.bob"}}}, nil
}

// Equal indexes are not enough: what waits in the log may undo them.
func TestWaitForReplicationWantsAnEmptyLog(t *testing.T) {
	result := runAltered(t, func(s target.Server) target.Server { return backlog{s} })
	wantVerdict(t, result, property.Unknown, "1 entries in the sync log of imap1")
}

// forgetful is a server that loses a message between its users' looks.
type forgetful struct{ target.Server }

func (f forgetful) User() target.UserView { return forgettingUser{f.Server.User()} }

type forgettingUser struct{ target.UserView }

func (u forgettingUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return forgettingSession{session}, err
}

type forgettingSession struct{ target.Session }

func (s forgettingSession) Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uint32, []byte) error) error {
	return s.Session.Bodies(ctx, mailbox, uids, func(uid uint32, body []byte) error {
		if uid == 2 {
			return each(uid, nil) // listed, and not given
		}
		return each(uid, body)
	})
}

// What the server never gave back is still promised, by the bytes sent.
func TestMessageThatCannotBeGivenIsLost(t *testing.T) {
	result := runAltered(t, func(s target.Server) target.Server { return forgetful{s} })
	wantVerdict(t, result, property.Fail, "property 1 (no-loss) is broken once")
}

// rotten is a server whose disk gives wrong bytes once it has been rescued.
type rotten struct {
	target.Server
	pair target.Pair
}

func (r rotten) User() target.UserView {
	if r.pair.Role(r.Name()) != target.RoleRescued {
		return r.Server.User()
	}
	return rottenUser{r.Server.User()}
}

type rottenUser struct{ target.UserView }

func (u rottenUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return rottenSession{session}, err
}

type rottenSession struct{ target.Session }

func (s rottenSession) Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uint32, []byte) error) error {
	return s.Session.Bodies(ctx, mailbox, uids, func(uid uint32, body []byte) error {
		return each(uid, append(body, ' '))
	})
}

// What the rescued store gives wrongly is not copied; the report says so, and
// the mail counts as lost.
func TestRottenRescuedStore(t *testing.T) {
	p := incident(t, "    - mail-copied\n", "")
	pair := newPair(t, p)
	result, _ := drill.Run(t.Context(), p, altered{pair, func(s target.Server) target.Server { return rotten{s, pair} }}, drill.Options{Target: "sim"})
	wantVerdict(t, result, property.Fail, "property 1 (no-loss) is broken 11 times")
	if restored := result.Restores[0].Report; restored.Copied != 0 || len(restored.Left) != 11 {
		t.Errorf("copied %d, left %d", restored.Copied, len(restored.Left))
	}
	if copying := result.Steps[result.Restores[0].Step-1]; copying.Status != drill.StepFailed {
		t.Errorf("a restore that left 11 messages is %s", copying.Status)
	}
}

// hanging is a server whose index never answers.
type hanging struct{ target.Server }

func (h hanging) Index() target.IndexView { return hangingIndex{h.Server.Index()} }

type hangingIndex struct{ target.IndexView }

func (hangingIndex) Mailboxes(ctx context.Context, _ string) ([]target.Mailbox, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A step that hangs ends, and the drill says that nothing was shown.
func TestStepThatHangsIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := runAltered(t, func(s target.Server) target.Server { return hanging{s} })
		wantVerdict(t, result, property.Unknown, "it did not end within 10m5s")
	})
}
