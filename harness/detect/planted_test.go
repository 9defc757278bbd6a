package detect_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// rotten is a server that gives other bytes of the message UID 2 than its index
// recorded, and none at all of UID 3.
type rotten struct{ target.Server }

func (r rotten) User() target.UserView { return rottenUser{r.Server.User()} }

type rottenUser struct{ target.UserView }

func (u rottenUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return rottenSession{session}, err
}

type rottenSession struct{ target.Session }

func (s rottenSession) Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uint32, []byte) error) error {
	return s.Session.Bodies(ctx, mailbox, uids, func(uid uint32, body []byte) error {
		switch uid {
		case 2:
			body = append([]byte("rotten "), body...)
		case 3:
			body = nil
		}
		return each(uid, body)
	})
}

// brief says of findings what, where, and who is right.
func brief(found []detect.Finding) []string {
	said := []string{}
	for _, f := range found {
		said = append(said, string(f.Kind)+" "+f.Place.String()+" right: "+string(f.Right))
	}
	return said
}

func TestBodyCompareFindsRot(t *testing.T) {
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two", "three"} {
		if err := p.Serving().User().Deliver(t.Context(), "alice", []byte("Subject: "+text+"\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	err = target.WaitUntil(t.Context(), p.Clock(), 1<<40, "replication", func(ctx context.Context) (bool, string, error) {
		log, err := p.Serving().Host().SyncLog(ctx)
		return log.Pending() == 0, "", err
	})
	if err != nil {
		t.Fatal(err)
	}
	look := func(servers ...target.Server) []string {
		t.Helper()
		scene := detect.Scene{Clock: p.Clock(), Executor: p.Executor(), Accounts: []string{"alice"}, Master: target.Imap1}
		for _, s := range servers {
			scene.Sides = append(scene.Sides, detect.LiveSide(s))
		}
		found, err := detect.BodyCompare{}.Detect(t.Context(), scene)
		if err != nil {
			t.Fatal(err)
		}
		return brief(found)
	}
	imap1, imap2 := p.Server(target.Imap1), p.Server(target.Imap2)
	if diff := cmp.Diff([]string{}, look(imap1, imap2)); diff != "" {
		t.Errorf("on a pair that is well:\n%s", diff)
	}
	rot := []string{"body-differs UID 2 in INBOX of alice on imap2 right: imap1", "body-differs UID 3 in INBOX of alice on imap2 right: imap1"}
	if diff := cmp.Diff(rot, look(imap1, rotten{imap2})); diff != "" {
		t.Error(diff)
	}
	alone := []string{"body-differs UID 2 in INBOX of alice on imap2 right: ", "body-differs UID 3 in INBOX of alice on imap2 right: "}
	if diff := cmp.Diff(alone, look(rotten{imap2})); diff != "" {
		t.Errorf("without another side:\n%s", diff)
	}
}

func TestClientCachesFindsWhatIsGivenOutAgain(t *testing.T) {
	old := target.Mailbox{Name: "INBOX", UniqueID: "u", UIDValidity: 1, LastUID: 5, HighestModSeq: 50}
	for name, c := range map[string]struct {
		change func(*target.Mailbox)
		want   []string
	}{
		"even":                     {func(*target.Mailbox) {}, []string{}},
		"behind in UIDs":           {func(m *target.Mailbox) { m.LastUID = 4 }, []string{"client-caches-wrong INBOX of alice on imap2 right: "}},
		"behind in modseqs":        {func(m *target.Mailbox) { m.HighestModSeq = 49 }, []string{"client-caches-wrong INBOX of alice on imap2 right: "}},
		"another UIDVALIDITY":      {func(m *target.Mailbox) { m.LastUID, m.UIDValidity = 4, 2 }, []string{}},
		"another mailbox":          {func(m *target.Mailbox) { m.LastUID, m.UniqueID = 4, "v" }, []string{}},
		"behind, and renamed":      {func(m *target.Mailbox) { m.LastUID, m.Name = 4, "INBOX/New" }, []string{"client-caches-wrong INBOX/New of alice on imap2 right: ", "client-caches-wrong INBOX of alice on imap2 right: "}},
		"ahead, as is no danger":   {func(m *target.Mailbox) { m.LastUID, m.HighestModSeq = 6, 60 }, []string{}},
		"not shown by the old one": {func(m *target.Mailbox) { m.UniqueID, m.Name = "w", "INBOX/Broken" }, []string{"client-caches-wrong INBOX/Broken of alice on imap2 right: "}},
		"deleted on the old one":   {func(m *target.Mailbox) { m.UniqueID, m.Name = "gone", "INBOX/Gone" }, []string{"client-caches-wrong INBOX/Gone of alice on imap2 right: "}},
	} {
		t.Run(name, func(t *testing.T) {
			promoted := old
			c.change(&promoted)
			found, err := detect.ClientCaches{}.Detect(t.Context(), detect.Scene{
				Clock: stoppedClock{}, Executor: inTurn{}, Accounts: []string{"alice"}, Master: target.Imap1,
				Sides: []detect.Side{
					side{name: target.Imap1, state: target.Snapshot{Mailboxes: []target.Mailbox{old}, Meta: target.Meta{Deleted: []string{"gone"}}}},
					side{name: target.Imap2, state: target.Snapshot{Mailboxes: []target.Mailbox{promoted}}},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, brief(found)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
