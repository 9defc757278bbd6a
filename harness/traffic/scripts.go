package traffic

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ScriptName is what users call their script.
const ScriptName = "rules"

// RuleMailboxes are the mailboxes into which users' rules file mail, one for
// each of [Topics]. Their names are ASCII, since Cyrus takes others in a script
// for modified UTF-7 (sieve_utf8fileinto is off by default).
func RuleMailboxes() []string { return []string{"INBOX/Lists", "INBOX/Family", "INBOX/Bills"} }

// Rules lets each account's user write a new version of their script and
// activate it. Each version files every topic elsewhere than the one before.
func (u *Users) Rules(ctx context.Context, accounts []string) (Tally, error) {
	var tally Tally
	server := u.pair.Serving()
	for _, account := range accounts {
		u.version++
		source := u.script(account)
		if err := u.makeRuleMailboxes(ctx, &tally, server, account); err != nil {
			return tally, err
		}
		if err := u.putScript(ctx, &tally, server, account, source); err != nil {
			return tally, fmt.Errorf("writing the script of %s on %s: %w", account, server.Name(), err)
		}
	}
	return tally, nil
}

// script is the next version of an account's script.
func (u *Users) script(account string) string {
	mailboxes := RuleMailboxes()
	filing := map[string]string{}
	u.scripts[account]++
	for i, topic := range Topics() {
		filing[topic] = mailboxes[(i+u.scripts[account])%len(mailboxes)]
	}
	return Script(u.version, filing, Topics())
}

// OldScript returns a script that files each topic otherwise than the one that
// the account's user has active: what a server that missed a change still has.
func (u *Users) OldScript(account string) string {
	mailboxes := RuleMailboxes()
	filing := map[string]string{}
	for i, topic := range Topics() {
		filing[topic] = mailboxes[(i+u.scripts[account]+1)%len(mailboxes)]
	}
	return Script(0, filing, Topics())
}

func (u *Users) makeRuleMailboxes(ctx context.Context, tally *Tally, server target.Server, account string) error {
	there := map[string]bool{}
	promised, _ := u.ledger.account(account)
	for _, m := range promised.Mailboxes {
		if m.Promised() {
			there[m.Name] = true
		}
	}
	return u.withSession(ctx, server, account, func(session target.Session) error {
		w := &worker{Users: u, server: server, account: account, session: session, tally: tally}
		for _, name := range RuleMailboxes() {
			if there[name] {
				continue
			}
			if _, err := w.send(ctx, w.entry(OpCreate, name), func(ctx context.Context) error {
				return session.CreateMailbox(ctx, name)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (u *Users) putScript(ctx context.Context, tally *Tally, server target.Server, account, source string) error {
	loginCtx, cancel := target.Within(ctx, u.pair.Clock(), answerWithin)
	defer cancel()
	session, err := server.User().Scripts(loginCtx, account)
	if err != nil {
		session = closedScripts{&target.UnreachableError{Server: server.Name(), Service: "sieve", Err: err}}
	}
	defer session.Close() // the answers are in
	w := &worker{Users: u, server: server, account: account, tally: tally}
	put, activate := w.entry(OpPutScript, ""), w.entry(OpActivate, "")
	put.Name, put.Value, activate.Name = ScriptName, source, ScriptName
	if err := u.do(ctx, tally, put, func(ctx context.Context) error { return session.Put(ctx, ScriptName, []byte(source)) }); err != nil {
		return err
	}
	return u.do(ctx, tally, activate, func(ctx context.Context) error { return session.Activate(ctx, ScriptName) })
}

// closedScripts stands in for a ManageSieve session that never came about.
type closedScripts struct{ err error }

func (s closedScripts) List(context.Context) ([]target.ScriptInfo, error) { return nil, s.err }

func (s closedScripts) Get(context.Context, string) ([]byte, error) { return nil, s.err }

func (s closedScripts) Put(context.Context, string, []byte) error { return s.err }

func (s closedScripts) Activate(context.Context, string) error { return s.err }

func (s closedScripts) Delete(context.Context, string) error { return s.err }

func (s closedScripts) Close() error { return nil }
