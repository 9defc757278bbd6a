package salvage_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

const (
	// accountsThere are made before; each restore and whatever is beside it takes its own.
	accountsThere = 60
	// atOnce is how many messages are written in one command beside a restore: the best of
	// those tried, 250 to 10,000.
	atOnce = 500
	// messageBytes is how large a message is.
	messageBytes = 2 << 10
)

// lost is a pair of real servers whose master has died: Imap1 is rescued, Imap2 serves.
type lost struct {
	pair  target.Pair
	field *field.Pair
	sides [2]*view.View
	all   int // accounts that there are
	taken int // of them
	// observe is told how a restore goes; nil: nobody is.
	observe func(restore.Progress)
}

// openLost makes the pair, with so many accounts, and opens it as servers in the field are
// opened.
func openLost(b *testing.B, accounts int) *lost {
	b.Helper()
	names := make([]string, accounts)
	for i := range names {
		names[i] = accountName(i)
	}
	pair := cyrustest.Pair(b, target.Spec{Accounts: names})
	ctx := b.Context()
	_, err := pair.Saboteur().KillServer(ctx, target.Imap1)
	must(b, err)
	must(b, pair.Operator().Promote(ctx, target.Imap2))
	must(b, pair.Operator().Rescue(ctx, target.Imap1))
	address := func(server target.ServerName, service view.Service) string { return addressOf(pair, server, service) }
	l := &lost{pair: pair, field: openField(b, address), all: accounts}
	for i, name := range []target.ServerName{target.Imap1, target.Imap2} {
		l.sides[i] = view.New(name, pair.Server(name).(view.Dialer), view.Credentials{Admin: docker.AdminUser, Password: docker.AdminPassword})
		b.Cleanup(func() { _ = l.sides[i].Close() })
	}
	return l
}

func accountName(i int) string { return fmt.Sprintf("user%04d", i) }

// openField opens the servers by a configuration, as an operator has it.
func openField(b *testing.B, address func(target.ServerName, view.Service) string) *field.Pair {
	b.Helper()
	text := "apiVersion: cyrdrill/v1\nservers:\n"
	for i, name := range []target.ServerName{target.Imap1, target.Imap2} {
		text += fmt.Sprintf("  %s:\n    role: %s\n    tls: {mode: none}\n    admin: %s\n    password: {file: password}\n",
			name, []target.Role{target.RoleRescued, target.RoleServing}[i], docker.AdminUser)
		for _, service := range []view.Service{view.IMAP, view.Sync} {
			text += fmt.Sprintf("    %s: %s\n", service, address(name, service))
		}
	}
	folder := b.TempDir()
	file := filepath.Join(folder, "field.yaml")
	must(b, os.WriteFile(file, []byte(text), 0o600))
	must(b, os.WriteFile(filepath.Join(folder, "password"), []byte(docker.AdminPassword), 0o600))
	config, err := field.Load(file)
	must(b, err)
	opened, err := field.Open(b.Context(), config)
	must(b, err)
	b.Cleanup(func() { _ = opened.Close() })
	return opened
}

func addressOf(pair target.Pair, server target.ServerName, service view.Service) string {
	return pair.(target.Addressed).Addresses()[server][string(service)]
}

// next returns accounts that nobody has used yet.
func (l *lost) next(b *testing.B, n int) []string {
	b.Helper()
	names := make([]string, n)
	for i := range names {
		if l.taken == l.all {
			b.Fatalf("all %d accounts are used up: choose fewer rounds by -benchtime", l.all)
		}
		names[i] = accountName(l.taken)
		l.taken++
	}
	return names
}

// lose gives fresh accounts messages that both servers have, and after them some that the
// rescued one alone has.
func (l *lost) lose(b *testing.B, accounts, both, alone int) []string {
	b.Helper()
	names := l.next(b, accounts)
	for _, name := range names {
		all := letters(name, both+alone)
		for i, side := range l.sides {
			has := [][]target.AppendMessage{all, all[:both]}[i]
			must(b, side.Seed(b.Context(), name, []view.SeedMailbox{{Name: "INBOX", Messages: has}}))
		}
	}
	return names
}

// letters returns n messages, no two alike, with flags and dates.
func letters(account string, n int) []target.AppendMessage {
	letters := cyrustest.Letters(account, n, messageBytes)
	flags := [][]string{nil, {`\Seen`}, {`\Seen`, `\Answered`}, {`\Flagged`, "work"}}
	for i := range letters {
		letters[i].Flags = flags[i%len(flags)]
	}
	return letters
}

// writeBare writes as many letters to each of the accounts on the serving server, all of
// them side by side, and looks at the answers no further than whether they are OK.
func (l *lost) writeBare(b *testing.B, accounts []string, each int) {
	b.Helper()
	var tasks []func(context.Context) error
	for _, account := range accounts {
		messages := letters(account, each)
		tasks = append(tasks, func(ctx context.Context) error {
			conn, err := l.pair.Serving().(view.Dialer).Dial(ctx, view.IMAP)
			if err != nil {
				return err
			}
			defer conn.Close() // every answer has come
			client, err := wiretest.BareIMAP(conn, docker.AdminUser, docker.AdminPassword, account)
			for part := range slices.Chunk(messages, atOnce) {
				if err == nil {
					err = client.Append("INBOX", part)
				}
			}
			return err
		})
	}
	must(b, l.pair.Executor().Run(b.Context(), tasks...))
}

// buildIsync makes the image with mbsync, where it is not there.
func buildIsync(b *testing.B) {
	b.Helper()
	if said, err := exec.CommandContext(b.Context(), "../../docker/isync/build.sh").CombinedOutput(); err != nil {
		b.Fatalf("building the image with mbsync: %v: %s", err, said)
	}
}

// mbsync has Debian's mbsync copy so many letters, and says how long that took, without
// the start of its container.
func (l *lost) mbsync(b *testing.B, messages int) time.Duration {
	b.Helper()
	account := l.lose(b, 1, 0, messages)[0]
	arguments := []string{"run", "--rm", "--network", "host", "cyrdrill/isync:bookworm"}
	for i, side := range l.sides {
		must(b, side.Admin().Open(b.Context(), account))
		host, port, err := net.SplitHostPort(addressOf(l.pair, l.field.Servers[i].Name(), view.IMAP))
		must(b, err)
		arguments = append(arguments, host, port)
	}
	arguments = append(arguments, "user/"+account, docker.AdminUser, docker.AdminPassword)
	var complaints strings.Builder
	command := exec.CommandContext(b.Context(), "docker", arguments...)
	command.Stderr = &complaints
	printed, err := command.Output()
	if err != nil {
		b.Fatalf("mbsync: %v: %s", err, complaints.String())
	}
	took, err := strconv.ParseInt(strings.TrimSpace(string(printed)), 10, 64)
	must(b, err)
	session, err := l.pair.Serving().User().Login(b.Context(), account)
	must(b, err)
	defer session.Close() // it was only read from
	if has, err := session.Status(b.Context(), "INBOX"); err != nil || int(has.Messages) != messages {
		b.Fatalf("mbsync has copied %d messages of %d: %v", has.Messages, messages, err)
	}
	return time.Duration(took)
}
