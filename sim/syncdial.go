package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

var _ target.SyncDialer = operator{}

// DialSync implements [target.SyncDialer].
func (o operator) DialSync(ctx context.Context, name target.ServerName) (target.SyncConversation, error) {
	s := o.pair.server(name)
	if err := s.connect(ctx, serviceSync); err != nil {
		return nil, err
	}
	session, err := o.pair.NewSyncSession(name)
	if err != nil {
		return nil, &target.UnreachableError{Server: name, Service: string(serviceSync), Err: err}
	}
	return &conversation{server: s, life: s.life, line: syncLine{session}}, nil
}

// conversation is a conversation with sync_server that takes its time.
type conversation struct {
	server *server
	life   int
	line   syncLine
	closed bool
}

// recordTime is what sync_server takes for a message or a record beside the rest.
const recordTime = 100 * time.Microsecond

// Get implements [target.SyncLine].
func (c *conversation) Get(ctx context.Context, what dlist.Value) (values []dlist.Value, err error) {
	err = c.do(ctx, "GET "+what.Key, readTime, func() error {
		values, err = c.line.Get(ctx, what)
		return err
	})
	return values, err
}

// Apply implements [target.SyncLine].
func (c *conversation) Apply(ctx context.Context, what dlist.Value) error {
	takes := appendTime + time.Duration(len(what.Items))*recordTime
	if records, ok := what.Get("RECORD"); ok {
		takes = appendTime + time.Duration(len(records.Items))*recordTime
	}
	return c.do(ctx, "APPLY "+what.Key, takes, func() error { return c.line.Apply(ctx, what) })
}

// do lets a command take about d until just before its effect, and lets its answer travel.
func (c *conversation) do(ctx context.Context, command string, d time.Duration, effect func() error) error {
	if c.closed {
		return fmt.Errorf("%s: the conversation is closed", command)
	}
	asked := request{verb: command}
	if err := c.server.work(ctx, c.life, serviceSync, asked, d); err != nil {
		return err
	}
	if err := effect(); err != nil {
		return err
	}
	return c.server.answer(ctx, c.life, serviceSync, asked)
}

// MailboxEach implements [target.SyncConversation].
func (c *conversation) MailboxEach(ctx context.Context, name string, each func(dlist.Value) error) (dlist.Value, error) {
	told, err := c.Get(ctx, dlist.Atom("FULLMAILBOX", name))
	if err != nil {
		return dlist.Value{}, err
	}
	mailbox := told[0]
	last := len(mailbox.Items) - 1 // RECORD
	for _, record := range mailbox.Items[last].Items {
		if err := each(record); err != nil {
			return dlist.Value{}, err
		}
	}
	mailbox.Items = mailbox.Items[:last]
	return mailbox, nil
}

// Close implements [target.SyncConversation].
func (c *conversation) Close() error {
	c.closed = true
	return nil
}
