// Package fronttest lets users of a pair work, for tests of what others see of it
// then. It is seen at work by
//
//	go test ./sim/front
package fronttest

import (
	"fmt"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Message returns a message that has its text for a name.
func Message(text string) []byte {
	return []byte("Message-ID: <" + text + "@test.example>\r\nSubject: " + text + "\r\n\r\n" + text + "\r\n")
}

const rules = "require [\"fileinto\"];\r\nfileinto \"INBOX/Work\";\r\n"

// Work lets users do a bit of everything on the server that serves.
func Work(t testing.TB, pair target.Pair) {
	t.Helper()
	ctx, user := t.Context(), pair.Serving().User()
	for i := range 5 {
		must(t, user.Deliver(ctx, "alice", Message(fmt.Sprint("delivered ", i))))
	}
	alice, err := user.Login(ctx, "alice")
	must(t, err)
	date := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"INBOX/Work", "INBOX/Köln", "INBOX/Old", "INBOX/Gone"} {
		must(t, alice.CreateMailbox(ctx, name))
	}
	_, _, err = alice.Append(ctx, "INBOX/Köln", target.AppendMessage{Body: Message("old"), InternalDate: date, Flags: []string{`\Seen`, "$Work", "Later"}},
		target.AppendMessage{Body: Message("older"), InternalDate: date.Add(-time.Hour)})
	must(t, err)
	must(t, alice.SetFlags(ctx, "INBOX", []uint32{1, 2}, []string{`\Flagged`, "$Important"}, nil))
	must(t, alice.SetFlags(ctx, "INBOX", []uint32{2}, []string{`\Answered`}, []string{"$Important"}))
	must(t, alice.Copy(ctx, "INBOX", []uint32{1, 3}, "INBOX/Work"))
	must(t, alice.Move(ctx, "INBOX", []uint32{5}, "INBOX/Gone"))
	must(t, alice.Expunge(ctx, "INBOX", []uint32{3}))
	must(t, alice.RenameMailbox(ctx, "INBOX/Old", "INBOX/New"))
	must(t, alice.DeleteMailbox(ctx, "INBOX/Gone"))
	must(t, alice.Subscribe(ctx, "INBOX/Work", true))
	must(t, alice.Subscribe(ctx, "INBOX/Köln", true))
	must(t, alice.Subscribe(ctx, "INBOX/Köln", false))
	must(t, alice.SetACL(ctx, "INBOX", "bob", "lrs"))
	must(t, alice.SetACL(ctx, "INBOX/Work", "anyone", "l"))
	must(t, alice.SetAnnotation(ctx, "INBOX/Work", "/shared/comment", `for "all" of us`))
	must(t, alice.SetAnnotation(ctx, "INBOX/Work", "/private/comment", "mine, für mich"))
	must(t, user.SetQuota(ctx, "alice", 2000))
	bob, err := user.Login(ctx, "bob")
	must(t, err)
	must(t, bob.SetFlags(ctx, "user/alice", []uint32{1, 4}, []string{`\Seen`}, nil))
	must(t, bob.Close())
	must(t, alice.Close())
	scripts(t, user)
}

// scripts puts three scripts, of which one is active and one is gone in the end.
func scripts(t testing.TB, user target.UserView) {
	t.Helper()
	ctx := t.Context()
	session, err := user.Scripts(ctx, "alice")
	must(t, err)
	for _, name := range []string{"rules", "other", "gone"} {
		must(t, session.Put(ctx, name, []byte("# "+name+"\r\n"+rules)))
	}
	must(t, session.Activate(ctx, "gone"))
	must(t, session.Activate(ctx, "rules"))
	must(t, session.Delete(ctx, "gone"))
	must(t, session.Close())
}

// WorkOn lets users change what there is.
func WorkOn(t testing.TB, pair target.Pair) {
	t.Helper()
	ctx, user := t.Context(), pair.Serving().User()
	alice, err := user.Login(ctx, "alice")
	must(t, err)
	must(t, alice.SetFlags(ctx, "INBOX", []uint32{1}, nil, []string{`\Flagged`, "$Important"}))
	must(t, alice.SetFlags(ctx, "INBOX/Köln", []uint32{1}, []string{"Later"}, []string{`\Seen`}))
	must(t, alice.Move(ctx, "INBOX", []uint32{4}, "INBOX/Work"))
	must(t, alice.Expunge(ctx, "INBOX/Work", []uint32{1}))
	must(t, alice.CreateMailbox(ctx, "INBOX/Work/Deep"))
	must(t, alice.RenameMailbox(ctx, "INBOX/Work/Deep", "INBOX/Deep"))
	must(t, alice.RenameMailbox(ctx, "INBOX/New", "INBOX/Newer"))
	must(t, alice.DeleteMailbox(ctx, "INBOX/Deep"))
	must(t, alice.Subscribe(ctx, "INBOX/Work", false))
	must(t, alice.Subscribe(ctx, "INBOX/Newer", true))
	must(t, alice.SetACL(ctx, "INBOX/Work", "anyone", ""))
	must(t, alice.SetACL(ctx, "INBOX/Work", "bob", "lrswite"))
	must(t, alice.SetAnnotation(ctx, "INBOX/Work", "/private/comment", ""))
	must(t, alice.SetAnnotation(ctx, "INBOX", "/shared/comment", "NIL"))
	must(t, user.SetQuota(ctx, "alice", target.NoQuota))
	bob, err := user.Login(ctx, "bob")
	must(t, err)
	must(t, bob.SetFlags(ctx, "user/alice", []uint32{1}, nil, []string{`\Seen`}))
	must(t, bob.SetFlags(ctx, "user/alice/Work", []uint32{2}, []string{`\Seen`}, nil))
	must(t, bob.Close())
	must(t, alice.Close())
	must(t, user.Deliver(ctx, "alice", Message("filed by a rule")))
	session, err := user.Scripts(ctx, "alice")
	must(t, err)
	must(t, session.Put(ctx, "rules", []byte("keep;\r\n")))
	must(t, session.Activate(ctx, "other"))
	must(t, session.Delete(ctx, "rules"))
	must(t, session.Close())
}
