package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What sync_client ends with.
const (
	exitOK       = 0
	exitBailing  = 1  // "bailing out!"
	exitSoftware = 70 // EX_SOFTWARE: an assertion failed, or sync_host is not set
)

var _ target.HandSyncer = operator{}

// SyncUser implements [target.Operator].
func (o operator) SyncUser(ctx context.Context, name target.ServerName, account string) (int, error) {
	s := o.pair.server(name)
	return s.byHand(ctx, "-u "+account, s.peer, func(c *replication) error { return s.userByHand(c, account) })
}

// userByHand sends an account, and says if that fails.
func (s *server) userByHand(c *replication, account string) error {
	err := c.replica.tellsOfList()
	if err == nil {
		err = c.user(account)
	}
	if err != nil && err != error(syncCrash) {
		s.logf("sync_client: Error in sync_do_user(%s): bailing out!", account)
	}
	return err
}

// byHand runs sync_client towards a peer, and returns what it ends with. It waits
// for a peer that is not there.
func (s *server) byHand(ctx context.Context, what string, peer *server, work func(*replication) error) (int, error) {
	if err := s.pair.takes(ctx, toolTime); err != nil {
		return 0, err
	}
	if !s.up() {
		return 0, fmt.Errorf("running sync_client %s on %s: it is down", what, s.name)
	}
	if peer == nil {
		s.logf("sync_client: sync_host not defined")
		return exitSoftware, nil
	}
	const pause = 100 * time.Millisecond
	for waited := time.Duration(0); !s.reaches(peer); waited += pause {
		if waited >= target.SyncWithin {
			return 0, &target.TimeoutError{What: fmt.Sprintf("sync_client %s on %s", what, s.name), Within: target.SyncWithin, Last: "no replica answers"}
		}
		if err := s.pair.Sleep(ctx, pause); err != nil {
			return 0, err
		}
	}
	defer peer.hush()()
	return s.status(work(&replication{master: s, replica: peer})), nil
}

// hush keeps the server from logging what is done to it, as sync_server does, until
// the returned function is called.
func (s *server) hush() (speak func()) {
	before := s.quiet
	s.quiet = true
	return func() { s.quiet = before }
}

// SyncMeta implements [target.HandSyncer].
func (o operator) SyncMeta(ctx context.Context, name target.ServerName, account string) (int, error) {
	s := o.pair.server(name)
	return s.byHand(ctx, "-s "+account, s.peer, func(c *replication) error { return c.meta(account) })
}

// SyncOneWay implements [target.HandSyncer].
func (o operator) SyncOneWay(ctx context.Context, name target.ServerName, account string) (int, error) {
	s := o.pair.server(name)
	return s.byHand(ctx, "-O -u "+account, s.peer, func(c *replication) error {
		c.oneWay = true
		return s.userByHand(c, account)
	})
}

// SyncMailbox implements [target.HandSyncer]. Of a mailbox that is not there
// nothing is sent, which is no error.
func (o operator) SyncMailbox(ctx context.Context, name target.ServerName, mailbox string) (int, error) {
	s := o.pair.server(name)
	return s.byHand(ctx, "-m "+mailbox, s.peer, func(c *replication) error {
		return c.mailboxes([]string{internalOf(mailbox)})
	})
}

// internalOf turns an external name into an internal one, as Cyrus does where "/"
// parts names: a dot in it is part of a name, and kept as "^".
func internalOf(external string) string {
	return strings.NewReplacer(".", "^", "/", ".").Replace(external)
}

// externalOf is [internalOf] turned back.
func externalOf(internal string) string {
	return strings.NewReplacer(".", "/", "^", ".").Replace(internal)
}

// SyncBack implements [target.HandSyncer].
func (o operator) SyncBack(ctx context.Context, name target.ServerName, account string) (int, error) {
	s := o.pair.server(name)
	if account != "" {
		return s.byHand(ctx, "-u "+account, o.pair.server(name.Other()), func(c *replication) error { return c.user(account) })
	}
	return s.byHand(ctx, "-A", o.pair.server(name.Other()), func(c *replication) error {
		var failed error
		for _, e := range slices.Clone(s.disk.list.entries) {
			if !isInbox(e.name) || e.kind == entryTombstone {
				continue
			}
			if err := c.user(e.owner()); err != nil {
				failed = err // and on with the next
			}
		}
		return failed
	})
}

// status is what sync_client ends with after so an error.
func (s *server) status(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, syncCrash):
		s.logf("sync_client: %s", fatalRecord)
		return exitSoftware
	default:
		return exitBailing
	}
}
