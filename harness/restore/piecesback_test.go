package restore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Whoever comes in between two pieces of what is put back takes one UID, and the one message
// that had it gets a new one, above all others: the pieces that follow keep theirs.
func TestWhoComesInBetweenPiecesTakesOneUID(t *testing.T) {
	const lost = 2300 // two pieces and a part of a third one
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	in := restoretest.LoseWith(t, pair, "alice", func(session target.Session) error {
		messages := make([]target.AppendMessage, lost)
		for i := range messages {
			messages[i].Body = fmt.Appendf(nil, "Subject: %d\r\n\r\nx\r\n", i)
		}
		_, _, err := session.Append(t.Context(), "INBOX", messages...)
		return err
	})
	plan := in.Plan(t)
	if plan.Count(restore.PutBack) != lost {
		t.Fatalf("planned: %d are put back", plan.Count(restore.PutBack))
	}
	came := 0
	in.Scene.Sync = between{in.Scene.Sync, func() error {
		came++
		return in.Scene.Serving.User().Deliver(t.Context(), "alice", []byte("Subject: new\r\n\r\nx\r\n"))
	}}
	var told []restore.Progress
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Observe: func(p restore.Progress) { told = append(told, p) }})
	if err != nil || report.PutBack != lost-1 || report.Copied != 1 || report.Anew != 1 || came != 1 {
		t.Fatalf("%s, %v; %d came in between", report.InWords(), err, came)
	}
	box, _ := in.State(t)["alice"].Mailbox("INBOX")
	highest := uint32(0)
	for _, a := range plan.Actions {
		highest = max(highest, a.UID)
	}
	if live := box.Live(); live[len(live)-1].UID != highest+1 || len(live) < lost+1 {
		t.Errorf("%d messages, the last one has UID %d, and of the rescued store's %d is the highest", len(live), live[len(live)-1].UID, highest)
	}
	if len(told) < 4 || told[len(told)-1].Share != 1 {
		t.Errorf("told of progress %d times: %v", len(told), told[len(told)-1])
	}
}

// between are conversations behind the first change of an INBOX in which somebody comes.
type between struct {
	target.SyncDialer
	by func() error
}

func (b between) DialSync(ctx context.Context, server target.ServerName) (target.SyncConversation, error) {
	line, err := b.SyncDialer.DialSync(ctx, server)
	return &betweenLine{line, b.by}, err
}

type betweenLine struct {
	target.SyncConversation
	by func() error
}

func (b *betweenLine) Apply(ctx context.Context, what dlist.Value) error {
	err := b.SyncConversation.Apply(ctx, what)
	if by := b.by; err == nil && by != nil && what.Key == "MAILBOX" && what.TextOf("MBOXNAME") == "user.alice" {
		b.by = nil
		return by()
	}
	return err
}
