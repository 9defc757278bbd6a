package wire

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Admin is an administrator's IMAP connection, for ordinary commands on
// mailboxes. It is not safe for concurrent use.
type Admin struct {
	peer   Peer
	conn   net.Conn
	client *imapclient.Client
}

// NewAdmin greets the IMAP server at the other end of conn and logs in. It
// owns conn from here on, also when it fails.
func NewAdmin(ctx context.Context, conn net.Conn, peer Peer, login Login) (*Admin, error) {
	a := &Admin{peer: peer, conn: conn, client: imapclient.New(conn, nil)}
	err := a.do(ctx, "greeting", a.client.WaitGreeting)
	if err == nil {
		err = a.do(ctx, "AUTHENTICATE PLAIN", func() error {
			return a.client.Authenticate(sasl.NewPlainClient(login.Account, login.Admin, login.Password))
		})
	}
	if err != nil {
		_ = a.client.Close()
		return nil, peer.notConnected(err)
	}
	return a, nil
}

// Create makes a mailbox.
func (a *Admin) Create(ctx context.Context, mailbox string) error {
	return a.do(ctx, "CREATE "+mailbox, func() error { return a.client.Create(mailbox, nil).Wait() })
}

// SetACL gives the identifier these rights on a mailbox, and no others.
func (a *Admin) SetACL(ctx context.Context, mailbox, identifier, rights string) error {
	return a.do(ctx, "SETACL "+mailbox, func() error {
		return a.client.SetACL(mailbox, imap.RightsIdentifier(identifier), imap.RightModificationReplace, imap.RightSet(rights)).Wait()
	})
}

// Delete removes a mailbox; for an account's INBOX, the whole account.
func (a *Admin) Delete(ctx context.Context, mailbox string) error {
	return a.do(ctx, "DELETE "+mailbox, func() error { return a.client.Delete(mailbox).Wait() })
}

// Close logs out and gives the connection back.
func (a *Admin) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = a.do(ctx, "LOGOUT", func() error { return a.client.Logout().Wait() })
	_ = a.client.Close()
	return nil
}

// do gives the library's call, which knows no context, an end in time.
func (a *Admin) do(ctx context.Context, name string, call func() error) error {
	select {
	case <-a.client.Closed():
		return a.peer.Unreachable(net.ErrClosed)
	default:
	}
	stop := closeAtEnd(ctx, a.conn)
	defer stop()
	err := call()
	var no *imap.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		return &target.RefusedError{Command: name, Status: string(no.Type), Code: string(no.Code), Text: no.Text}
	default:
		return fmt.Errorf("%s: no answer: %w", name, because(ctx, err))
	}
}
