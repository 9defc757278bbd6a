package cyrus

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What a user changes can be read back by that user, and reaches the replica.
func TestUsersChangesReachTheReplica(t *testing.T) {
	p := warm.get(t)
	ctx := t.Context()
	session, err := p.Serving().User().Login(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	const box, renamed = "INBOX/Köln & Umland", "INBOX/Alt stadt"
	_, uids, err := session.Append(ctx, "INBOX", target.AppendMessage{Body: []byte("Subject: a\r\n\r\na\r\n")},
		target.AppendMessage{Body: []byte("Subject: b\r\n\r\nb\r\n")}, target.AppendMessage{Body: []byte("Subject: c\r\n\r\nc\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range []error{
		session.CreateMailbox(ctx, box),
		session.SetFlags(ctx, "INBOX", uids[:1], []string{`\Seen`, "$Work"}, nil),
		session.SetFlags(ctx, "INBOX", uids[:1], nil, []string{`\Seen`}),
		session.Copy(ctx, "INBOX", uids[:1], box),
		session.Move(ctx, "INBOX", uids[1:2], box),
		session.RenameMailbox(ctx, box, renamed),
		session.CreateMailbox(ctx, "INBOX/Gone"),
		session.DeleteMailbox(ctx, "INBOX/Gone"),
		session.Subscribe(ctx, renamed, true),
		session.Subscribe(ctx, "INBOX", true),
		session.Subscribe(ctx, "INBOX", false),
		session.SetACL(ctx, renamed, "bob", "lrs"),
		session.SetAnnotation(ctx, renamed, "/shared/comment", "for bob"),
		p.Serving().User().SetQuota(ctx, "alice", 5000),
	} {
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	list, err := session.List(ctx)
	if diff := cmp.Diff([]string{"INBOX", renamed}, list); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	subscribed, err := session.Subscriptions(ctx)
	if diff := cmp.Diff([]string{renamed}, subscribed); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	settings, err := session.Settings(ctx, renamed)
	want := target.Settings{ACL: "alice lrswipkxtecdan, bob lrs", Annotations: map[string]string{"/shared/comment": "for bob"}, StorageKiB: 5000}
	if diff := cmp.Diff(want, settings); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	counters, err := session.Status(ctx, renamed)
	if err != nil || counters.UIDNext != 3 || counters.HighestModSeq == 0 || counters.UIDValidity == 0 {
		t.Errorf("%+v, %v", counters, err)
	}
	wantReplicated(t, p, "alice")
	replica := snapshot(t, p.Server(target.Imap2), "alice")
	box1, ok := replica.Mailbox(renamed)
	if !ok || len(box1.Live()) != 2 || box1.ACL != settings.ACL || box1.Records[0].Flags[0] != "$Work" {
		t.Errorf("the replica has %+v", box1)
	}
}
