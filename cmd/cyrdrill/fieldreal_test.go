package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// waitFor waits until a file or a buffer holds a text.
func waitFor(t *testing.T, what string, read func() string, want string) {
	t.Helper()
	err := target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, what, func(context.Context) (bool, string, error) {
		said := read()
		return strings.Contains(said, want), said, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inFile reads a file that may not be there yet.
func inFile(path string) func() string {
	return func() string {
		text, _ := os.ReadFile(path) // it may not be there yet
		return string(text)
	}
}

// The guide's monitor, by its own command and its own way to tell people, on two servers
// that cyrdrill did not start: replication stops, somebody is told, it goes on, and they
// are told so.
func TestMonitorGuide(t *testing.T) {
	cyrustest.Need(t)
	g, _ := readPage(t)
	s := newSite(t)
	t.Setenv("CYRUS_PASSWORD", "secret")
	s.ssh(t)
	configuration := s.write(t, "field.yaml", g.here(s))
	pair := s.open(t, configuration)
	fill(t, pair.Servers[0])
	replicated(t, pair)
	if well := monitorBy(t, configuration, "--once"); well.status != statusPass || !strings.HasPrefix(well.out, "WELL: nothing found\n") {
		t.Errorf("on a pair that is well: %+v", well)
	}

	told := filepath.Join(s.folder, "told")
	if err := os.WriteFile(filepath.Join(s.folder, "bin", "mail"), []byte("#!/bin/sh\necho \"$2 to $3\" >>"+told+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	page := s.write(t, "page", g.page)
	if err := os.Chmod(page, 0o755); err != nil {
		t.Fatal(err)
	}
	line := strings.NewReplacer("127.0.0.1:9842", "127.0.0.1:0", "/etc/cyrdrill/page", page).Replace(g.monitor)
	c := command(t, append(strings.Fields(line)[1:], "--every", "1s", "--for", "2")...)
	c.Dir = s.folder
	said := filepath.Join(s.folder, "said")
	out, err := os.Create(said)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // the child has it as well
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	t.Cleanup(func() {
		if !ended {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
	const at = " metrics are at "
	waitFor(t, "the address of the metrics", inFile(said), at)
	_, address, _ := strings.Cut(inFile(said)(), at)
	address = strings.TrimRight(strings.Fields(address)[0], ",.;")

	s.signal(t, "STOP")
	add(t, pair.Servers[0], "alice", "INBOX", "never replicated")
	waitFor(t, "a notice", inFile(told), "raised: replication-stopped on imap1")
	if text := get(t, address); !strings.Contains(text, `cyrdrill_alarm{kind="replication-stopped",server="imap1"} 1`) || !strings.Contains(text, "cyrdrill_sync_log_entries") {
		t.Errorf("the metrics are\n%s", text)
	}
	if found := monitorBy(t, configuration, "--once"); found.status != statusFail || !strings.Contains(found.out, "replication-stopped: imap1") {
		t.Errorf("on a pair that is not: %+v", found)
	}
	s.signal(t, "CONT")
	waitFor(t, "its end", inFile(told), "cleared: replication-stopped on imap1")
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = c.Wait()
	ended = true
	if c.ProcessState.ExitCode() != statusPass || !strings.Contains(inFile(told)(), " to postmaster@example.org\n") {
		t.Errorf("status %d: %s\ntold was %s", c.ProcessState.ExitCode(), inFile(said)(), inFile(told)())
	}
}

func get(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() // it was read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// modseqs differ between the model and real servers.
var modseqs = regexp.MustCompile(`modseq [0-9]+`)

// apart is the guide's configuration for an incident: imap1 was rescued, and imap2 serves.
func (g guide) apart(s *site, hosts bool) string {
	var lines []string
	for line := range strings.Lines(strings.NewReplacer("role: master", "role: rescued", "role: replica", "role: serving").Replace(g.here(s))) {
		if strings.Contains(line, "host:") && !hosts {
			continue
		}
		lines = append(lines, strings.Replace(line, "sudo, -u, cyrus]}", "sudo, -u, cyrus], operate: true}", 1))
	}
	return strings.Join(lines, "")
}

// incident lets imap1 have what imap2 has not got, alice work on imap2 since, and imap1 be
// brought up apart. Before that it shows that nothing is restored while it replicates.
func (s *site) incident(t *testing.T, g guide, pair *field.Pair) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	both := []string{"alice", "bob"}
	for _, account := range both {
		must(fieldtest.Before(t.Context(), pair.Servers[0].User(), account, s.append(pair.Servers[0])))
	}
	replicated(t, pair)
	s.signal(t, "STOP")
	for _, account := range both {
		must(fieldtest.Lost(t.Context(), pair.Servers[0].User(), account, s.append(pair.Servers[0])))
	}
	session, err := pair.Servers[1].User().Login(t.Context(), "alice")
	must(err)
	must(s.append(pair.Servers[1])(t.Context(), "alice", 10))
	must(errors.Join(session.Expunge(t.Context(), "INBOX", []uint32{3}), session.SetFlags(t.Context(), "INBOX", []uint32{4}, []string{`\Flagged`}, nil), session.Close()))

	refused := restoreBy(t, s.write(t, "early.yaml", g.apart(s, true)), "--apply")
	if refused.status != statusSetup || refused.out != "" || !strings.Contains(refused.err, "sync_client runs on imap1") {
		t.Errorf("while it replicates: %+v", refused)
	}
	dockerCommand(t, "stop", "--time", "1", s.names["imap1"])
	dockerCommand(t, "cp", s.write(t, "apart.cyrus.conf", strings.Replace(siteServices, "%s", "", 1)), s.names["imap1"]+":/etc/cyrus.conf")
	s.run(t, "imap1")
}

// append stores a numbered message by IMAP.
func (s *site) append(server *field.Server) func(context.Context, string, int) error {
	return func(ctx context.Context, account string, n int) error {
		session, err := server.User().Login(ctx, account)
		if err != nil {
			return err
		}
		_, _, err = session.Append(ctx, "INBOX", target.AppendMessage{Body: fieldtest.Mail(account, n)})
		return errors.Join(err, session.Close())
	}
}

// The guide's commands for a restore, on two servers that cyrdrill did not start.
func TestRestoreGuideOnRealServers(t *testing.T) {
	cyrustest.Need(t)
	g, restoring := readPage(t)
	s := newSite(t)
	t.Setenv("CYRUS_PASSWORD", "secret")
	s.ssh(t)
	s.incident(t, g, s.open(t, s.write(t, "pair.yaml", g.here(s))))
	pair := s.open(t, s.write(t, "field.yaml", g.apart(s, false)))
	hosts := s.open(t, s.write(t, "hosts.yaml", g.apart(s, true)))

	same := func(text string) string {
		return modseqs.ReplaceAllString(digests.ReplaceAllString(text, "…"), "…")
	}
	before := s.files(t, hosts)
	for i, line := range restoring.commands {
		got := shell(t, s.folder, line)
		if diff := cmp.Diff(same(restoring.printed[i]), same(got.out)); got.status != []int{statusFail, statusPass, statusPass}[i] || diff != "" {
			t.Errorf("%s: status %d: %s%s\n%s", line, got.status, got.err, diff, got.out)
		}
		if diff := cmp.Diff(before, s.files(t, hosts)); i == 0 && diff != "" {
			t.Errorf("the plan alone changed something:\n%s", diff)
		}
	}
	wantNumbers(t, pair.Servers[1], map[[2]string]string{
		{"alice", "INBOX"}: "2! 4! 5 10 7 6", {"alice", "INBOX/Work"}: "8", {"bob", "INBOX"}: "1 2 3 4 5",
	})

	// With a view of both machines nobody has to say that replication is off.
	done := restoreBy(t, filepath.Join(s.folder, "hosts.yaml"), "--apply", "--journal", "all.jsonl")
	if done.status != statusPass || !strings.Contains(done.out, "verdict   RESTORED: ") {
		t.Errorf("both accounts: %+v", done)
	}
	wantNumbers(t, pair.Servers[1], map[[2]string]string{{"bob", "INBOX"}: "2! 3 4 5 6 7", {"bob", "INBOX/Work"}: "8"})

	s.on(t, "imap2", `for f in $(find /var/spool/cyrus/mail -name 2.); do ! grep -q '<2@bob>' $f || truncate -s 60 ${f%2.}cyrus.index; done`)
	rebuilt := restoreBy(t, filepath.Join(s.folder, "hosts.yaml"), "--only", "rebuild-mailboxes", "--apply", "--journal", "rebuild.jsonl")
	if rebuilt.status != statusPass || !strings.Contains(rebuilt.out, "bob       1 × reconstruct, read back\n") {
		t.Errorf("an index that is cut off: %+v", rebuilt)
	}
	if kept := s.on(t, "imap2", "find /var/lib/cyrus -path '*/cyrdrill-kept/*' -name cyrus.index -size 60c"); kept == "" {
		t.Error("no copy of the index was kept")
	}
}

// wantNumbers wants a server's mailboxes to hold messages of these numbers, in order of
// UIDs, with a mark where one is flagged.
func wantNumbers(t *testing.T, server *field.Server, want map[[2]string]string) {
	t.Helper()
	for at, numbers := range want {
		session, err := server.User().Login(t.Context(), at[0])
		if err != nil {
			t.Fatal(err)
		}
		got, err := numbered(t.Context(), session, at[1])
		if err = errors.Join(err, session.Close()); err != nil || got != numbers {
			t.Errorf("%s of %s has %q, want %q: %v", at[1], at[0], got, numbers, err)
		}
	}
}
