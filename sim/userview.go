package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/target/rfc5322"
)

// userView is IMAP, LMTP and ManageSieve.
type userView struct{ *server }

// Login implements [target.UserView]. A master makes the INBOX of an account
// that has none (autocreate); no other server does.
func (v userView) Login(ctx context.Context, account string) (target.Session, error) {
	if err := v.connect(ctx, serviceIMAP); err != nil {
		return nil, err
	}
	if v.disk.list.owned(account, inbox) == nil && v.role == target.RoleMaster {
		if err := v.readsList(serviceIMAP, request{verb: "AUTHENTICATE PLAIN"}); err != nil {
			return nil, err
		}
		v.autocreate(account)
	}
	return &session{server: v.server, user: account, life: v.life}, nil
}

// Listed implements [target.UserView].
func (v userView) Listed(ctx context.Context, account string) ([]string, error) {
	command := request{"LIST", "user/" + account}
	if err := v.connect(ctx, serviceIMAP); err != nil {
		return nil, err
	}
	if err := v.work(ctx, v.life, serviceIMAP, command, readTime); err != nil {
		return nil, err
	}
	names := []string{}
	for _, e := range v.disk.list.ofAccount(account) {
		if isDeletedName(e.name) || e.kind == entrySieve && v.pair.version.scriptsApart {
			continue
		}
		name, err := e.shownTo(account)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, v.answer(ctx, v.life, serviceIMAP, command)
}

// Accounts implements [target.UserView].
func (v userView) Accounts(ctx context.Context) ([]string, error) {
	command := request{"LIST", "user/%"}
	if err := v.connect(ctx, serviceIMAP); err != nil {
		return nil, err
	}
	if err := v.work(ctx, v.life, serviceIMAP, command, readTime); err != nil {
		return nil, err
	}
	accounts := []string{}
	for _, e := range v.disk.list.entries {
		if e.kind == entryMail && isInbox(e.name) {
			account, err := mailboxname.DecodeUTF7(e.owner())
			if err != nil {
				return nil, err
			}
			accounts = append(accounts, account)
		}
	}
	slices.Sort(accounts)
	return accounts, v.answer(ctx, v.life, serviceIMAP, command)
}

// autocreate makes an account's INBOX, subscribed, and a quota root without a limit
// for it, as autocreate_quota: 0 means. What belongs to an account lies in a directory
// that its INBOX's unique ID names: of an earlier life nothing is found again.
func (s *server) autocreate(account string) {
	a := newAccount()
	s.disk.accounts[account] = a
	e := s.makeAccount(account)
	a.quotaRoot, a.quotaKiB = e.name, target.NoQuota
	s.disk.folder(e).quotaRoot = e.name
	s.log("QUOTA", e.name)
	a.subscriptions[e.name], a.hasSubs = true, true
	s.log("SUB", account, e.name)
}

// Deliver implements [target.UserView]. The message goes where the account's
// compiled script files it; one whose Message-ID the server has delivered there
// before is dropped, and acknowledged.
func (v userView) Deliver(ctx context.Context, account string, message []byte) error {
	command := request{"RCPT", "TO:<" + account + ">"}
	if err := v.connect(ctx, serviceLMTP); err != nil {
		return err
	}
	life := v.life
	if err := v.work(ctx, life, serviceLMTP, command, deliverTime); err != nil {
		return err
	}
	root := v.disk.list.owned(account, inbox)
	if root == nil {
		return unknownUser(command)
	}
	refuse := func(text string) error {
		status := "451"
		switch text {
		case textOverQuota:
			status = "452"
		}
		return &target.RefusedError{Command: command.String(), Status: status, Text: text}
	}
	if text := v.visit(root).refusal(string(serviceLMTP)); text != "" {
		return refuse(text)
	}
	whole := v.withTrace(account, message)
	for _, to := range v.file(ctx, account, whole) {
		refused := v.deliverTo(to, account, message, whole)
		if refused == fatalFuture { // lmtpd is dead, and it may have been done
			return fmt.Errorf("%s: no answer to the message but 421 %s", command, refused)
		}
		if refused != "" {
			// The script has failed: what it has not done is not done, and the
			// message goes into the INBOX, marked.
			if refused = v.deliverTo(filing{inbox, []string{"$SieveFailed"}}, account, message, whole); refused != "" {
				return refuse(refused)
			}
			break
		}
	}
	return v.answer(ctx, life, serviceLMTP, command)
}

// deliverTo puts a message into one mailbox, and says in Cyrus's words why it
// cannot.
func (v userView) deliverTo(to filing, account string, message, whole []byte) (refused string) {
	e := v.disk.list.owned(account, to.mailbox)
	if e == nil || e.kind != entryMail {
		return textNonexistent
	}
	visit := v.visit(e)
	if text := visit.refusal(string(serviceLMTP)); text != "" {
		return text
	}
	if visit.lastIsRotten() {
		return textFormatSpoilt
	}
	if v.disk.full || v.disk.readOnly {
		v.cannotWrite(string(serviceLMTP))
		return textIOError
	}
	if v.overQuota(visit, 0) { // a message may exceed the limit once (lmtp_strict_quota is off)
		return textOverQuota
	}
	if id, ok := rfc5322.Field(message, "Message-ID"); ok {
		date, ok := rfc5322.Field(message, "Date")
		if !ok {
			date = v.clock().Format(time.RFC1123Z)
		}
		known := delivery{id, date, e.uniqueID}
		if v.disk.delivered[known] && !v.pair.planted.Is(canary.DuplicatesDelivered) {
			v.logf("lmtp: dupelim: eliminated duplicate message to %s id %s", e.name, id)
			return ""
		}
		v.disk.delivered[known] = true
	}
	if visit.future() {
		visit.overwriteNext(whole)
		v.fatal(serviceLMTP, fatalFuture)
		return fatalFuture
	}
	uid := visit.add(newFile(whole, visit.now()), to.flags)
	v.pair.tracef("%s delivered UID %d to %s", v.name, uid, e.name)
	visit.leaveAppended()
	return ""
}

// withTrace adds the header fields that lmtpd puts above a message (RFC 5321,
// section 4.4), as long as Cyrus's are: they count against a quota.
func (v userView) withTrace(account string, message []byte) []byte {
	now := v.clock()
	const usualTrace = 320 // bytes
	whole := make([]byte, 0, usualTrace+len(message))
	whole = append(whole, "Return-Path: <>\r\nReceived: from localhost (clients [172.26.0.1])\r\n\t by "...)
	whole = append(append(append(whole, v.name...), " (Cyrus "...), v.pair.version.build...)
	whole = now.AppendFormat(append(whole, ") with LMTPA;\r\n\t "...), time.RFC1123Z)
	whole = fmt.Appendf(whole, "\r\nX-Cyrus-Session-Id: cyrus-%d-%d-1-%020d\r\nX-Sieve: CMU Sieve 3.0\r\n",
		now.Unix(), v.process(serviceLMTP.process()).pid, v.pair.rand.Uint64())
	return append(whole, message...)
}

// SetQuota implements [target.UserView]. The first limit makes the account's
// quota root, which holds all of its mailboxes; it stays when the limit is
// lifted.
func (v userView) SetQuota(ctx context.Context, account string, storageKiB int64) error {
	command := request{"SETQUOTA", "user/" + account}
	if err := v.connect(ctx, serviceIMAP); err != nil {
		return err
	}
	if err := v.work(ctx, v.life, serviceIMAP, command, mailboxTime); err != nil {
		return err
	}
	root := mailboxname.Internal(account, inbox)
	if v.disk.list.find(root) == nil {
		return no(command, "", textNonexistent)
	}
	a := v.disk.account(account)
	a.quotaKiB = max(storageKiB, target.NoQuota)
	if a.quotaRoot == "" {
		a.quotaRoot = root
		if !v.headerFits(serviceIMAP) {
			return lost(command, v.name)
		}
		for _, e := range v.disk.list.ofAccount(account) {
			if visit := v.visit(e); visit.folder != nil && !isDeletedName(e.name) {
				visit.folder.quotaRoot, visit.changed = root, true // it stands in cyrus.header
				visit.leave()
			}
		}
	}
	v.log("QUOTA", root)
	return v.answer(ctx, v.life, serviceIMAP, command)
}

// Scripts implements [target.UserView].
func (v userView) Scripts(ctx context.Context, account string) (target.ScriptSession, error) {
	if err := v.connect(ctx, serviceSieve); err != nil {
		return nil, err
	}
	if err := v.readsList(serviceSieve, request{verb: "AUTHENTICATE PLAIN"}); err != nil {
		return nil, err
	}
	session := &scriptSession{server: v.server, account: account, life: v.life}
	if v.disk.list.owned(account, inbox) == nil {
		return nil, no(request{verb: "AUTHENTICATE PLAIN"}, "", "Authentication Error")
	}
	if err := session.mayLogIn(); err != nil {
		return nil, err
	}
	session.sieveMailbox() // Cyrus makes it at the first login, on a replica as well
	return session, nil
}
