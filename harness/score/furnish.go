package score

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// The accounts of a furnished pair: faults hurt the first two, and the third one's
// user goes on working while the pair is broken.
const (
	alice = "alice"
	bob   = "bob"
	carol = "carol"
)

// Accounts returns the accounts of every trial.
func Accounts() []string { return []string{alice, bob, carol} }

// hurt are the accounts that faults may hurt.
func hurt() []string { return []string{alice, bob} }

const (
	rules    = "rules"
	newRules = "require \"fileinto\";\r\nif header :contains \"subject\" \"bills\" { fileinto \"INBOX/Work\"; }\r\n"
	oldRules = "keep;\r\n"
)

// restWithin is how long a pair may take until nothing waits to be replicated.
const restWithin = 30 * time.Second

// furnish gives alice all that a fault can take away, bob a look at her mail, and
// each account mail of its own; all of it replicated.
func furnish(ctx context.Context, pair target.Pair) error {
	if err := pair.Reset(ctx, Accounts()); err != nil {
		return err
	}
	for _, part := range []func(context.Context, target.Server) error{furnishAlice, furnishRules, furnishBob, furnishCarol} {
		if err := part(ctx, pair.Serving()); err != nil {
			return fmt.Errorf("furnishing the pair: %w", err)
		}
	}
	return rest(ctx, pair)
}

func furnishAlice(ctx context.Context, server target.Server) error {
	if err := server.User().SetQuota(ctx, alice, 100_000); err != nil {
		return err
	}
	return as(ctx, server, alice, func(session target.Session) error {
		if err := session.CreateMailbox(ctx, "INBOX/Work"); err != nil {
			return err
		}
		for i := range 4 {
			for _, mailbox := range []string{"INBOX", "INBOX/Work"} {
				m := message(alice, mailbox, i)
				m.Flags = []string{`\Answered`, "$Work"}
				if _, _, err := session.Append(ctx, mailbox, m); err != nil {
					return err
				}
			}
		}
		return errors.Join(
			session.Expunge(ctx, "INBOX", []uint32{2}),
			session.SetAnnotation(ctx, "INBOX", "/shared/comment", "hers"),
			session.Subscribe(ctx, "INBOX", true),
			session.SetACL(ctx, "INBOX", bob, "lrs"),
		)
	})
}

func furnishRules(ctx context.Context, server target.Server) error {
	session, err := server.User().Scripts(ctx, alice)
	if err != nil {
		return err
	}
	defer session.Close() // what matters has been answered
	if err := session.Put(ctx, rules, []byte(newRules)); err != nil {
		return err
	}
	return session.Activate(ctx, rules)
}

func furnishBob(ctx context.Context, server target.Server) error {
	return as(ctx, server, bob, func(session target.Session) error {
		if err := session.SetFlags(ctx, "user/"+alice, []uint32{1, 3}, []string{`\Seen`}, nil); err != nil {
			return err
		}
		_, _, err := session.Append(ctx, "INBOX", message(bob, "INBOX", 0), message(bob, "INBOX", 1))
		return err
	})
}

func furnishCarol(ctx context.Context, server target.Server) error {
	return as(ctx, server, carol, func(session target.Session) error {
		_, _, err := session.Append(ctx, "INBOX", message(carol, "INBOX", 0))
		return err
	})
}

// message is one that stands nowhere else.
func message(account, mailbox string, n int) target.AppendMessage {
	return target.AppendMessage{Body: fmt.Appendf(nil, "Message-ID: <%d.%s.%s@cyrdrill>\r\nSubject: message %d\r\n\r\n%s\r\n",
		n, account, strings.ReplaceAll(mailbox, "/", "."), n, strings.Repeat("text ", 10*n+20))}
}

// as does something as the account's user.
func as(ctx context.Context, server target.Server, account string, do func(target.Session) error) error {
	session, err := server.User().Login(ctx, account)
	if err != nil {
		return err
	}
	defer session.Close() // what matters has been answered
	if err := do(session); err != nil {
		return fmt.Errorf("as %s on %s: %w", account, server.Name(), err)
	}
	return nil
}

// rest waits until nothing waits to be replicated, and both sides are equal.
func rest(ctx context.Context, pair target.Pair) error {
	return target.WaitUntil(ctx, pair.Clock(), restWithin, "both sides to be equal", func(ctx context.Context) (bool, string, error) {
		log, err := pair.Serving().Host().SyncLog(ctx)
		if err != nil || log.Pending() > 0 {
			return false, fmt.Sprintf("%d entries wait in the sync log", log.Pending()), err
		}
		servers := pair.Servers()
		snaps, err := target.TakeSnapshots(ctx, pair.Executor(), Accounts(), target.LevelIndex, servers[0], servers[1])
		if err != nil {
			return false, "", err
		}
		var diffs []target.Difference
		for _, account := range Accounts() {
			diffs = append(diffs, target.Diff(snaps[target.Imap1][account], snaps[target.Imap2][account])...)
		}
		compiled, err := servers[1].Host().CompiledScripts(ctx, alice)
		return len(diffs) == 0 && len(compiled) == 1 && compiled[0].Active, fmt.Sprint(diffs), err
	})
}
