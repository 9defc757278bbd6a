package cyrus

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// byIMAP is a server whose index is asked for by SYNCGET.
type byIMAP struct{ *server }

func (s byIMAP) Index() target.IndexView { return s.view.IndexByIMAP() }

// imapd tells by SYNCGET what sync_server tells by GET, and so index-compare finds the
// same by either, also where something else answers at sync_server's port.
func TestIndexByIMAPIsTheSame(t *testing.T) {
	p := warm.get(t)
	furnishForIndex(t, p)
	wantReplicated(t, p, "alice")
	wantSameIndex(t, p)
	if _, err := p.Saboteur().(target.SyncSaboteur).Mislead(t.Context(), target.Imap2, hearsay.Flags{
		Place: hearsay.Place{Account: "alice", Mailbox: "INBOX"}, UID: 1, Flags: []string{`\Answered`},
	}); err != nil {
		t.Fatal(err)
	}
	wantSameIndex(t, p)
	bySync, err := compareIndexes(t, p, func(s *server) target.Server { return s })
	if err != nil || len(bySync) != 1 {
		t.Fatalf("by sync_server: %q, %v", bySync, err)
	}
	if _, err := p.Saboteur().(target.PortSaboteur).Garble(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	if _, err := compareIndexes(t, p, func(s *server) target.Server { return s }); err == nil {
		t.Error("the garbled port of sync_server gave an index")
	}
	found, err := compareIndexes(t, p, func(s *server) target.Server { return byIMAP{s} })
	if diff := cmp.Diff(bySync, found); err != nil || diff != "" {
		t.Errorf("by imapd: %v\n%s", err, diff)
	}
}

// furnishForIndex gives alice all that an index view tells of, and a name that has to be
// written in other than plain words.
func furnishForIndex(t *testing.T, p *Pair) {
	t.Helper()
	session, err := p.Serving().User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	const folder = "INBOX/Köln & Co"
	body := target.AppendMessage{Flags: []string{`\Seen`, "$Label"}, Body: []byte("Subject: one\r\n\r\n1\r\n")}
	for _, do := range []func(context.Context) error{
		func(ctx context.Context) error { return session.CreateMailbox(ctx, folder) },
		func(ctx context.Context) error { return session.Subscribe(ctx, folder, true) },
		func(ctx context.Context) error { return session.SetACL(ctx, folder, "bob", "lr") },
		func(ctx context.Context) error {
			return session.SetAnnotation(ctx, "INBOX", "/shared/comment", `a "quoted" comment, with a \ and a %`)
		},
		func(ctx context.Context) error { return p.Serving().User().SetQuota(ctx, "alice", 5000) },
		func(ctx context.Context) error {
			_, _, err := session.Append(ctx, "INBOX", body, body, body)
			return err
		},
		func(ctx context.Context) error { return session.Expunge(ctx, "INBOX", []uint32{2}) },
	} {
		if err := do(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	scripts, err := p.Serving().User().Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer scripts.Close()
	if err := scripts.Put(t.Context(), "rules", []byte("keep;\r\n")); err != nil {
		t.Fatal(err)
	}
}

func wantSameIndex(t *testing.T, p *Pair) {
	t.Helper()
	for _, s := range p.servers {
		for _, account := range append(accounts, "nobody") {
			bySync, err := target.TakeSnapshot(t.Context(), s, account, target.LevelIndex)
			if err != nil {
				t.Fatal(err)
			}
			told, err := target.TakeSnapshot(t.Context(), byIMAP{s}, account, target.LevelIndex)
			if diff := cmp.Diff(bySync, told); err != nil || diff != "" {
				t.Errorf("%s on %s by imapd: %v\n%s", account, s.name, err, diff)
			}
		}
	}
}

// compareIndexes returns the keys of what index-compare finds.
func compareIndexes(t *testing.T, p *Pair, seen func(*server) target.Server) ([]string, error) {
	t.Helper()
	scene := detect.Scene{Clock: p.Clock(), Executor: p.Executor(), Accounts: accounts, Master: target.Imap1}
	for _, s := range p.servers {
		scene.Sides = append(scene.Sides, detect.LiveSide(seen(s)))
	}
	found, err := detect.IndexCompare{}.Detect(t.Context(), scene)
	var keys []string
	for _, f := range found {
		keys = append(keys, f.Key())
	}
	return keys, err
}
