package restoretest

import (
	"context"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore/estimate"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Costly is a server that takes time for each message and each byte that it is given,
// as real ones do, where the simulator takes the same for each command. What others do
// at the same time does not slow it down.
type Costly struct {
	target.Server
	Clock target.Clock
	// Cost is what it takes when it has been given so much already.
	Cost func(had estimate.Work) estimate.Cost

	had estimate.Work
}

// Had returns what it has been given.
func (c *Costly) Had() estimate.Work { return c.had }

// User implements [target.Server].
func (c *Costly) User() target.UserView { return costlyUser{c.Server.User(), c} }

type costlyUser struct {
	target.UserView
	server *Costly
}

func (u costlyUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return costlySession{session, u.server}, err
}

type costlySession struct {
	target.Session
	server *Costly
}

func (s costlySession) Append(ctx context.Context, mailbox string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	given := estimate.Work{Messages: len(messages)}
	for _, m := range messages {
		given.Bytes += int64(len(m.Body))
	}
	takes := s.server.Cost(s.server.had).Of(given)
	s.server.had = s.server.had.Plus(given)
	if err := s.server.Clock.Sleep(ctx, time.Duration(takes*float64(time.Second))); err != nil {
		return 0, nil, err
	}
	return s.Session.Append(ctx, mailbox, messages...)
}
