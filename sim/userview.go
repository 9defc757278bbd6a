package sim

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// userView is IMAP and LMTP; of ManageSieve there is no model.
type userView struct{ *server }

// Login implements [target.UserView]. A master makes the INBOX of an account
// that has none (autocreate); no other server does.
func (v userView) Login(ctx context.Context, account string) (target.Session, error) {
	if err := v.connect(ctx, "imap"); err != nil {
		return nil, err
	}
	b := box{account, inbox}
	if _, ok := v.disk.mailboxes[b]; !ok && v.role == target.RoleMaster {
		v.disk.mailboxes[b] = v.pair.newMailbox(account)
		v.changed(b, "USER", "MAILBOX")
	}
	return &session{server: v.server, account: account, life: v.life}, nil
}

// Deliver implements [target.UserView].
func (v userView) Deliver(ctx context.Context, account string, message []byte) error {
	command := "RCPT TO:<" + account + ">"
	if err := v.connect(ctx, "lmtp"); err != nil {
		return err
	}
	life := v.life
	if err := v.pair.takes(ctx, deliverTime); err != nil {
		return err
	}
	if err := v.stillUp(life, command); err != nil {
		return err
	}
	b := box{account, inbox}
	m, ok := v.disk.mailboxes[b]
	if !ok {
		return &target.RefusedError{Command: command, Status: "550", Text: "5.1.1 User unknown"}
	}
	if v.known(account, message) {
		v.logf("lmtpd: dupelim: eliminated duplicate message to %s", b.internal())
	} else {
		guid := v.disk.store(v.withTrace(message))
		uid := m.add(guid, len(v.disk.spool[guid]), v.pair.now, nil)
		v.pair.tracef("%s delivered %.8s to %s as UID %d", v.name, guid, b.internal(), uid)
		v.changed(b, appended...)
	}
	return v.answer(ctx, life, command)
}

// SetQuota implements [target.UserView].
func (userView) SetQuota(context.Context, string, int64) error { return notYet("quota") }

// Scripts implements [target.UserView].
func (v userView) Scripts(context.Context, string) (target.ScriptSession, error) {
	return nil, &target.UnsupportedError{Target: "the simulator", What: "ManageSieve"}
}

// known says whether a message of that Message-ID was delivered to the account
// on this server before, and notes that it now was: the database is per server.
func (v userView) known(account string, message []byte) bool {
	parsed, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil || parsed.Header.Get("Message-ID") == "" {
		return false
	}
	key := account + " " + parsed.Header.Get("Message-ID")
	before := v.disk.delivered[key]
	v.disk.delivered[key] = true
	return before
}

// withTrace adds the header fields that lmtpd puts above a message (RFC 5321,
// section 4.4).
func (v userView) withTrace(message []byte) []byte {
	head := fmt.Sprintf("Return-Path: <mta@drill.example>\r\nReceived: from drill.example\r\n\tby %s (Cyrus 3.6.1) with LMTPA;\r\n\t%s\r\n",
		v.name, v.pair.now.Format(time.RFC1123Z))
	return slices.Concat([]byte(head), message)
}

// stillUp fails where the server has died since: nobody answers any more, and
// what was asked may or may not have been done.
func (s *server) stillUp(life int, command string) error {
	if !s.up() || s.life != life {
		return fmt.Errorf("%s: connection to %s lost before the answer came", command, s.name)
	}
	return nil
}

// answer lets the server's answer travel: what is asked for takes effect before
// its client knows.
func (s *server) answer(ctx context.Context, life int, command string) error {
	if err := s.pair.takes(ctx, connectTime); err != nil {
		return err
	}
	return s.stillUp(life, command)
}
