package cyrus

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// manyMessages is the size of the account whose snapshots are timed.
const manyMessages = 10_000

// letters returns n messages of about a kilobyte, no two alike.
func letters(n int) []target.AppendMessage {
	filler := strings.Repeat("All work and no play makes a dull benchmark.\r\n", 18)
	messages := make([]target.AppendMessage, n)
	for i := range messages {
		messages[i] = target.AppendMessage{
			InternalDate: time.Unix(1_700_000_000+int64(i), 0),
			Body:         fmt.Appendf(nil, "Subject: letter %d\r\nMessage-ID: <%d@example.org>\r\n\r\n%s", i, i, filler),
		}
	}
	return messages
}

// BenchmarkSnapshot takes an account's snapshot on both servers side by side, at
// each level, and beside it lets a bare client receive the same answers and read
// no more of them than where they end.
func BenchmarkSnapshot(b *testing.B) {
	p := warm.get(b)
	if err := p.Seed(b.Context(), map[string][]target.SeedMailbox{"alice": {{Name: "INBOX", Messages: letters(manyMessages)}}}); err != nil {
		b.Fatal(err)
	}
	snapshots := func(level target.Level) func(context.Context, *server) error {
		return func(ctx context.Context, s *server) error {
			snap, err := target.TakeSnapshot(ctx, s, "alice", level)
			if inbox, _ := snap.Mailbox("INBOX"); err == nil && inbox.LastUID != manyMessages {
				err = fmt.Errorf("LAST_UID %d", inbox.LastUID)
			}
			return err
		}
	}
	records := func(ctx context.Context, s *server) error {
		session, err := s.User().Login(ctx, "alice")
		if err != nil {
			return err
		}
		defer session.Close()
		listed, err := session.Records(ctx, "INBOX")
		if err == nil && len(listed) != manyMessages {
			err = fmt.Errorf("%d records", len(listed))
		}
		return err
	}
	imap := []string{"EXAMINE INBOX", "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1)"}
	index := []string{"GET USER alice", "GET FULLMAILBOX user.alice", "GET META alice"}
	for _, each := range []struct {
		name string
		do   func(context.Context, *server) error
	}{
		{"status", snapshots(target.LevelStatus)},
		{"status/bare", bare(view.Sync, index[:1])},
		{"index-by-imap", records},
		{"index-by-imap/bare", bare(view.IMAP, imap)},
		{"index", snapshots(target.LevelIndex)},
		{"index/bare", bare(view.Sync, index)},
		{"body", snapshots(target.LevelBody)},
		{"body/bare", func(ctx context.Context, s *server) error {
			if err := bare(view.Sync, index)(ctx, s); err != nil {
				return err
			}
			return bare(view.IMAP, []string{"EXAMINE INBOX", "UID FETCH 1:* (UID)", "UID FETCH 1:* (UID BODY.PEEK[])"})(ctx, s)
		}},
	} {
		b.Run(each.name, func(b *testing.B) {
			for b.Loop() {
				if err := p.both(b.Context(), each.do); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// bare returns what a client does that sends commands and passes over lines until
// the one that ends each answer.
func bare(service view.Service, commands []string) func(context.Context, *server) error {
	return func(ctx context.Context, s *server) error {
		conn, err := s.Dial(ctx, service)
		if err != nil {
			return err
		}
		defer conn.Close()
		var client *wiretest.Bare
		if service == view.Sync {
			client, err = wiretest.BareSync(conn, docker.AdminUser, docker.AdminPassword)
		} else {
			client, err = wiretest.BareIMAP(conn, docker.AdminUser, docker.AdminPassword, "alice")
		}
		if err != nil {
			return err
		}
		return client.Ask(commands...)
	}
}
