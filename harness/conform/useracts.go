package conform

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// userAct is one operation of a user, on a server.
type userAct func(ctx context.Context, server target.Server, step Step) error

// inSession turns an operation of an IMAP session into a user's act.
func inSession(do func(ctx context.Context, s target.Session, step Step) error) userAct {
	return func(ctx context.Context, server target.Server, step Step) error {
		session, err := server.User().Login(ctx, step.Account)
		if err != nil {
			return err
		}
		defer session.Close() // the answer is in
		return do(ctx, session, step)
	}
}

// inScripts turns an operation of a ManageSieve session into a user's act.
func inScripts(do func(ctx context.Context, s target.ScriptSession, step Step) error) userAct {
	return func(ctx context.Context, server target.Server, step Step) error {
		session, err := server.User().Scripts(ctx, step.Account)
		if err != nil {
			return err
		}
		defer session.Close() // the answer is in
		return do(ctx, session, step)
	}
}

var userActs = map[Op]userAct{
	Deliver: func(ctx context.Context, server target.Server, step Step) error {
		return server.User().Deliver(ctx, step.Account, message(step.Message))
	},
	SetQuota: func(ctx context.Context, server target.Server, step Step) error {
		return server.User().SetQuota(ctx, step.Account, int64(step.Count))
	},
	Append: inSession(func(ctx context.Context, s target.Session, step Step) error {
		messages := make([]target.AppendMessage, max(step.Count, 1))
		for i := range messages {
			n := step.Message + i
			messages[i] = target.AppendMessage{Flags: step.Add, InternalDate: dateOf(n), Body: message(n)}
		}
		_, _, err := s.Append(ctx, step.Mailbox, messages...)
		return err
	}),
	Flag: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.SetFlags(ctx, step.Mailbox, step.UIDs, step.Add, step.Remove)
	}),
	Copy: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.Copy(ctx, step.Mailbox, step.UIDs, step.To)
	}),
	Move: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.Move(ctx, step.Mailbox, step.UIDs, step.To)
	}),
	Expunge: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.Expunge(ctx, step.Mailbox, step.UIDs)
	}),
	Create: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.CreateMailbox(ctx, step.Mailbox)
	}),
	Rename: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.RenameMailbox(ctx, step.Mailbox, step.To)
	}),
	Delete: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.DeleteMailbox(ctx, step.Mailbox)
	}),
	Subscribe: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.Subscribe(ctx, step.Mailbox, true)
	}),
	Unsubscribe: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.Subscribe(ctx, step.Mailbox, false)
	}),
	SetACL: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.SetACL(ctx, step.Mailbox, step.Who, step.Text)
	}),
	SetAnnotation: inSession(func(ctx context.Context, s target.Session, step Step) error {
		return s.SetAnnotation(ctx, step.Mailbox, step.Entry, step.Text)
	}),
	PutScript: inScripts(func(ctx context.Context, s target.ScriptSession, step Step) error {
		return s.Put(ctx, step.Script, script(step.Message))
	}),
	Activate: inScripts(func(ctx context.Context, s target.ScriptSession, step Step) error {
		return s.Activate(ctx, step.Script)
	}),
	DeleteScript: inScripts(func(ctx context.Context, s target.ScriptSession, step Step) error {
		return s.Delete(ctx, step.Script)
	}),
}

func (r *runner) asUser(ctx context.Context, step Step, act userAct) error {
	return act(ctx, r.server(step), step)
}

// message is the n-th message that there is: always the same bytes.
func message(n int) []byte {
	return fmt.Appendf(nil, "Message-ID: <%d@conform.example>\r\nDate: Sat, 1 Mar 2025 12:00:00 +0000\r\nX-Topic: t%d\r\nSubject: message %d\r\n\r\n%s\r\n", n, n%3, n, strings.Repeat("text ", n%7))
}

// dateOf is the INTERNALDATE with which it is appended.
func dateOf(n int) time.Time { return time.Date(2025, 3, 1+n%20, 12, n%60, 0, 0, time.UTC) }

// script is the n-th script that there is: it files the topics' mail each time
// elsewhere.
func script(n int) []byte {
	boxes := []string{"INBOX/A", "INBOX/B", "INBOX/C"}
	var out strings.Builder
	fmt.Fprintf(&out, "require [\"fileinto\"];\r\n# version %d\r\n", n)
	for topic := range boxes {
		fmt.Fprintf(&out, "if header :is \"X-Topic\" \"t%d\" {\r\n  fileinto %q;\r\n  stop;\r\n}\r\n", topic, boxes[(topic+n)%len(boxes)])
	}
	return []byte(out.String())
}
