package cyrus

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// seedBoth seeds accounts on both servers of the pair, all side by side.
func seedBoth(ctx context.Context, p *Pair, accounts []string, mailboxes func(account string) []view.SeedMailbox) error {
	var tasks []func(context.Context) error
	for _, account := range accounts {
		seed := mailboxes(account)
		for _, s := range p.servers {
			tasks = append(tasks, func(ctx context.Context) error { return s.view.Seed(ctx, account, seed) })
		}
	}
	return realTime{}.Run(ctx, tasks...)
}

// syncTo returns a connection to a server's sync_server.
func syncTo(t testing.TB, s *server) *wire.Sync {
	t.Helper()
	conn, err := s.Dial(t.Context(), view.Sync)
	if err != nil {
		t.Fatal(err)
	}
	c, err := wire.NewSync(t.Context(), conn, wire.Peer{Server: s.name, Service: "sync"},
		wire.Login{Admin: docker.AdminUser, Password: docker.AdminPassword})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// wantIndexEqual wants both sides to have the same index of the account at once.
func wantIndexEqual(t testing.TB, p *Pair, account string) target.Snapshot {
	t.Helper()
	var snaps [2]target.Snapshot
	for i, server := range p.Servers() {
		var err error
		if snaps[i], err = target.TakeSnapshot(t.Context(), server, account, target.LevelIndex); err != nil {
			t.Fatal(err)
		}
	}
	if diffs := target.Diff(snaps[0], snaps[1]); len(diffs) != 0 {
		t.Error(target.FormatDiff(snaps[0], snaps[1], diffs, 5))
	}
	for i, m := range snaps[0].Mailboxes {
		if other := snaps[1].Mailboxes[i].SyncCRC; m.SyncCRC != other {
			t.Errorf("SYNC_CRC of %s of %s: %s | %s", m.Name, account, m.SyncCRC, other)
		}
	}
	return snaps[0]
}

// fixture is an account's mail in an INBOX and in nested mailboxes.
func fixture(account string) []view.SeedMailbox {
	date := time.Date(2020, 2, 29, 12, 0, 1, 0, time.UTC)
	var inbox, deep []target.AppendMessage
	for i := range 7 {
		body := fmt.Appendf(nil, "Subject: seeded %d\r\nMessage-ID: <%d@%s>\r\n\r\nFor %[3]s, %[1]d\r\n", i, i, account)
		inbox = append(inbox, target.AppendMessage{Body: body, InternalDate: date.Add(time.Duration(i) * time.Hour)})
		deep = append(deep, target.AppendMessage{Body: bytes.ToUpper(body), Flags: []string{"$Forwarded", `\Flagged`, `\Seen`}})
	}
	inbox[3].Flags = []string{`\Answered`}
	return []view.SeedMailbox{
		{Name: "INBOX/Reisen/Köln & Umgebung.2020", UniqueID: account + "-koeln", UIDValidity: 1_600_000_000, Messages: deep},
		{Name: "INBOX/Reisen", UniqueID: account + "-reisen", UIDValidity: 1_600_000_001, ACL: "alice lrswipkxtecdan, bob lrs"},
		{Name: "INBOX", Messages: inbox},
	}
}

func TestSeed(t *testing.T) {
	p := warm.get(t)
	before := snapshot(t, p.Serving(), "alice").Mailboxes[0]
	if err := seedBoth(t.Context(), p, []string{"alice"}, fixture); err != nil {
		t.Fatal(err)
	}
	snap := wantIndexEqual(t, p, "alice")
	if len(snap.Mailboxes) != 3 {
		t.Fatalf("mailboxes: %+v", snap.Mailboxes)
	}
	inbox, reisen, koeln := snap.Mailboxes[0], snap.Mailboxes[1], snap.Mailboxes[2]
	if inbox.UniqueID != before.UniqueID || inbox.UIDValidity != before.UIDValidity || inbox.ACL != before.ACL || len(inbox.Records) != 7 {
		t.Errorf("the INBOX was %+v, and is %+v", before, inbox)
	}
	if reisen.ACL != "alice lrswipkxtecdan, bob lrs" || len(reisen.Records) != 0 {
		t.Errorf("%+v", reisen)
	}
	if koeln.Name != "INBOX/Reisen/Köln & Umgebung.2020" || koeln.UniqueID != "alice-koeln" || koeln.ACL != before.ACL || len(koeln.Records) != 7 {
		t.Fatalf("%+v", koeln)
	}
	if got := koeln.Records[6]; strings.Join(got.Flags, " ") != `$Forwarded \Flagged \Seen` || got.InternalDate.Unix() != 1_600_000_000 {
		t.Errorf("%+v", got)
	}
	if got := inbox.Records[1]; len(got.Flags) != 0 || !got.InternalDate.Equal(time.Date(2020, 2, 29, 13, 0, 1, 0, time.UTC)) {
		t.Errorf("%+v", got)
	}
	wantReadable(t, p, "alice")
	wantLives(t, p, "alice")
	wantFetched(t, p, koeln)
}

// wantReadable wants the account's user to read on both servers what fixture
// has, byte for byte.
func wantReadable(t *testing.T, p *Pair, account string) {
	t.Helper()
	for _, server := range p.Servers() {
		session, err := server.User().Login(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		for _, seed := range fixture(account) {
			var bodies [][]byte
			err := session.Bodies(t.Context(), seed.Name, nil, func(_ uint32, body []byte) error { bodies = append(bodies, body); return nil })
			if err != nil || len(bodies) != len(seed.Messages) {
				t.Errorf("%s on %s: %d messages, %v", seed.Name, server.Name(), len(bodies), err)
				continue
			}
			for i, body := range bodies {
				if !bytes.Equal(body, seed.Messages[i].Body) {
					t.Errorf("%s on %s, message %d: %q", seed.Name, server.Name(), i, body)
				}
			}
		}
		_ = session.Close()
	}
}

// wantLives wants a seeded account to take mail, to lose it, and to replicate.
func wantLives(t *testing.T, p *Pair, account string) {
	t.Helper()
	deliver(t, p.Serving(), account, "after the seed")
	session, err := p.Serving().User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	mailbox := "INBOX/Reisen/Köln & Umgebung.2020"
	_, uids, err := session.Append(t.Context(), mailbox, target.AppendMessage{Body: []byte("Subject: x\r\n\r\nx\r\n")})
	if err != nil || len(uids) != 1 || uids[0] != 8 {
		t.Fatalf("UIDs %v, %v", uids, err)
	}
	if err := session.Expunge(t.Context(), mailbox, []uint32{2}); err != nil {
		t.Fatal(err)
	}
	wantReplicated(t, p, account)
	log, err := p.Serving().Host().Syslog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, complaint := range []string{"SYNCERROR", "CRC failure", "guid mismatch", "higher modseq", "uidvalidity"} {
		if strings.Contains(string(log), complaint) {
			t.Errorf("the master's syslog speaks of %q", complaint)
		}
	}
}

// wantFetched reads a seeded message, and a quota, by the sync protocol.
func wantFetched(t *testing.T, p *Pair, m target.Mailbox) {
	t.Helper()
	for _, s := range p.servers {
		c := syncTo(t, s)
		file := wire.SyncFile{
			Mailbox: "user.alice.Reisen.K&APY-ln &- Umgebung^2020", UniqueID: m.UniqueID, UID: 5, GUID: m.Records[4].GUID,
		}
		body, err := c.Fetch(t.Context(), file)
		if sum := sha1.Sum(body); err != nil || hex.EncodeToString(sum[:]) != file.GUID {
			t.Errorf("GET FETCH on %s: %q, %v", s.name, body, err)
		}
		file.UID = 6
		if body, err := c.Fetch(t.Context(), file); err != nil || body != nil {
			t.Errorf("GET FETCH of a UID with another GUID on %s: %q, %v", s.name, body, err)
		}
		file.UID = 99
		if body, err := c.Fetch(t.Context(), file); target.OutcomeOf(err) != target.Refused {
			t.Errorf("GET FETCH of a UID that is not there on %s: %q, %v", s.name, body, err)
		}
		if quota, err := c.Quota(t.Context(), "user.alice"); err != nil || len(quota.Limits) != 0 {
			t.Errorf("GET QUOTA of an account without limits on %s: %+v, %v", s.name, quota, err)
		}
	}
}

// setQuota limits an account on the master as its administrator.
func setQuota(t *testing.T, p *Pair, account string, limits map[imap.QuotaResourceType]int64) {
	t.Helper()
	conn, err := p.server(target.Imap1).Dial(t.Context(), view.IMAP)
	if err != nil {
		t.Fatal(err)
	}
	client := imapclient.New(conn, nil)
	defer client.Close()
	if err := client.Authenticate(sasl.NewPlainClient("", docker.AdminUser, docker.AdminPassword)); err != nil {
		t.Fatal(err)
	}
	if err := client.SetQuota("user/"+account, limits).Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestQuotaBySync(t *testing.T) {
	p := warm.get(t)
	setQuota(t, p, "bob", map[imap.QuotaResourceType]int64{imap.QuotaResourceStorage: 100, imap.QuotaResourceMessage: 7})
	wantReplicated(t, p, "bob")
	want := map[string]uint64{"STORAGE": 100, "MESSAGE": 7}
	for _, s := range p.servers {
		c := syncTo(t, s)
		err := target.WaitUntil(t.Context(), p.Clock(), 5*time.Second, "the quota on "+string(s.name), func(ctx context.Context) (bool, string, error) {
			quota, err := c.Quota(ctx, "user.bob")
			return quota.Root == "user.bob" && maps.Equal(quota.Limits, want), fmt.Sprintf("%+v", quota), err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// benchMailboxes is 200 messages of 2 KB in five mailboxes.
func benchMailboxes(account string) []view.SeedMailbox {
	mailboxes := []view.SeedMailbox{{Name: "INBOX"}}
	for i := range 4 {
		name := fmt.Sprintf("Folder%d", i)
		mailboxes = append(mailboxes, view.SeedMailbox{Name: "INBOX/" + name, UniqueID: account + name, UIDValidity: 1_700_000_000})
	}
	for i := range 200 {
		m := &mailboxes[i%len(mailboxes)]
		head := fmt.Sprintf("Subject: %d\r\nMessage-ID: <%[1]d@%s>\r\n\r\n", i, account)
		body := head + strings.Repeat(strings.Repeat("x", 78)+"\r\n", (2048-len(head))/80)
		m.Messages = append(m.Messages, target.AppendMessage{Body: []byte(body), Flags: []string{`\Seen`}})
	}
	return mailboxes
}

// BenchmarkSeed is 2,000 messages of 2 KB in 10 accounts of 5 mailboxes, on
// both servers.
func BenchmarkSeed(b *testing.B) {
	p := warm.get(b)
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprintf("seeded%d", i))
	}
	for b.Loop() {
		b.StopTimer()
		if err := p.Reset(b.Context(), names); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := seedBoth(b.Context(), p, names, benchMailboxes); err != nil {
			b.Fatal(err)
		}
	}
	for _, account := range names {
		if snap := wantIndexEqual(b, p, account); len(snap.Mailboxes) != 5 || len(snap.Mailboxes[4].Records) != 40 {
			b.Errorf("%s has %d mailboxes", account, len(snap.Mailboxes))
		}
	}
}
