package detect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letters returns n messages of about a kilobyte.
func letters(account string, n int) []target.AppendMessage {
	return cyrustest.Letters(account, n, 1<<10)
}

// names are those of n mailboxes, INBOX included.
func names(n int) []string {
	all := []string{"INBOX"}
	for i := 1; i < n; i++ {
		all = append(all, fmt.Sprintf("INBOX/box%02d", i))
	}
	return all
}

// spread puts messages into as many mailboxes.
func spread(account string, messages, mailboxes int) []target.SeedMailbox {
	var seeds []target.SeedMailbox
	each := messages / mailboxes
	parts := slices.Collect(slices.Chunk(letters(account, messages), each))
	for i, name := range names(mailboxes) {
		seeds = append(seeds, target.SeedMailbox{Name: name, Messages: parts[i]})
	}
	return seeds
}

// internalName is what sync_server calls a mailbox.
func internalName(account, name string) string {
	return "user." + account + strings.ReplaceAll(strings.TrimPrefix(name, "INBOX"), "/", ".")
}

// questions are what is asked of sync_server for an account's indexes, and of imapd for
// its bodies.
func questions(account string, mailboxes int) (index, bodies []string) {
	index = []string{"GET USER " + account}
	for _, name := range names(mailboxes) {
		index = append(index, "GET FULLMAILBOX "+internalName(account, name))
		bodies = append(bodies, "EXAMINE "+name, "UID FETCH 1:* (UID)", "UID FETCH 1:* (UID BODY.PEEK[])")
	}
	return append(index, "GET META "+account), bodies
}

// expungeFifth expunges every fifth message, on both sides.
func expungeFifth(b *testing.B, pair target.Pair, account string) {
	b.Helper()
	var uids []uint32
	for uid := uint32(5); uid <= manyMessages; uid += 5 {
		uids = append(uids, uid)
	}
	session, err := pair.Serving().User().Login(b.Context(), account)
	must(b, err)
	must(b, session.Expunge(b.Context(), "INBOX", uids))
	must(b, session.Close())
	drained(b, pair)
}

// drained waits until nothing waits to be replicated.
func drained(b *testing.B, pair target.Pair) {
	b.Helper()
	must(b, target.WaitUntil(b.Context(), pair.Clock(), 3*time.Minute, "what waits to be replicated", func(ctx context.Context) (bool, string, error) {
		log, err := pair.Serving().Host().SyncLog(ctx)
		return err == nil && log.Pending() == 0, fmt.Sprint(log.Pending(), " entries"), err
	}))
}
