package field

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// fakeMachine is a host view of this machine, with a Cyrus that is a few scripts.
func fakeMachine(t *testing.T, settings string) (h *host, folder string) {
	t.Helper()
	folder = t.TempDir()
	program := func(name, script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program("cyr_dbtool", "exit 1\n")
	program("sievec", "cp \"$1\" \"$2\"\n")
	program("cyr_info", `[ "$1" = -C ] && [ "$2" = "/it's/imapd.conf" ] || exit 64
case $3 in
version) echo cyrus-imapd 3.6.1-Debian-3.6.1-4 ;;
conf-all) cat <<'.'
configdirectory: `+folder+`
sievedir: `+folder+`/sieve
`+settings+`
.
esac
`)
	return newHost(ServerConfig{Name: "imap1", Host: []string{"sh"}, Paths: Paths{ImapdConf: "/it's/imapd.conf", Programs: folder}}), folder
}

func TestHostByAShell(t *testing.T) {
	h, folder := fakeMachine(t, "partition-default: /var/spool/cyrus/mail\nsync_log_channels: \"\" far\nmetapartition_files: \n")
	if _, err := h.machine(t.Context()); err == nil || !strings.Contains(err.Error(), folder+"/mailboxes.db is not there, or not readable") {
		t.Errorf("a machine without a list of mailboxes: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "mailboxes.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := h.machine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.layout.Lists != folder || m.layout.Mail != "/var/spool/cyrus/mail" || m.layout.Sieve != folder+"/sieve" || m.layout.Programs != folder || m.version != "3.6.1" {
		t.Errorf("the machine is %+v", m)
	}
	if err := m.filesKnown(); err != nil {
		t.Error(err)
	}
	source := "keep; # it's \"so\" $HOME `pwd` \\\r\n"
	sum := sha1.Sum([]byte(source))
	if got, err := h.CompileScript(t.Context(), []byte(source)); err != nil || got != hex.EncodeToString(sum[:]) {
		t.Errorf("a script that is compiled to itself is %s, %v", got, err)
	}
	if log, err := h.SyncLog(t.Context()); err != nil || log.Pending() != 0 {
		t.Errorf("without a log: %+v, %v", log, err)
	}
	written := time.Unix(1795716938, 0)
	for name, text := range map[string]string{"sync/log": "MAILBOX user.alice\n", "sync/far/log": "APPEND user.bob\n", "sync/far/log-run": "USER carol\nUSER dave\n"} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644), os.Chtimes(path, written, written)); err != nil {
			t.Fatal(err)
		}
	}
	channels, err := h.channels(t.Context())
	if err != nil || len(channels) != 2 {
		t.Fatalf("channels %+v, %v", channels, err)
	}
	for i, want := range []Channel{
		{"", target.SyncLog{Current: target.LogFile{Entries: []string{"MAILBOX user.alice"}, Bytes: 19, Modified: written}}, 0},
		{"far", target.SyncLog{
			Current: target.LogFile{Entries: []string{"APPEND user.bob"}, Bytes: 16, Modified: written},
			InWork:  target.LogFile{Entries: []string{"USER carol", "USER dave"}, Bytes: 21, Modified: written},
		}, 0},
	} {
		got := channels[i]
		if got.Age < 0 || got.Age > time.Minute {
			t.Errorf("what was made just now is %s old", got.Age)
		}
		got.Age = 0 // as old as the file, or nobody knows
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	log, err := h.SyncLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := target.SyncLog{
		Current: target.LogFile{Entries: []string{"MAILBOX user.alice", "APPEND user.bob"}, Bytes: 35, Modified: written},
		InWork:  target.LogFile{Entries: []string{"USER carol", "USER dave"}, Bytes: 21, Modified: written},
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}
	if _, _, err := h.loggedSince(t.Context(), LogMark{}); !errors.As(err, new(*target.UnsupportedError)) {
		t.Errorf("a log that nobody has named: %v", err)
	}
	if _, err := h.Syslog(t.Context()); !errors.As(err, new(*target.UnsupportedError)) {
		t.Errorf("a log that nobody has named: %v", err)
	}
}

// What the scripts know nothing of is said, and not passed over.
func TestMachinesWhoseFilesAreNotKnown(t *testing.T) {
	const folders = "configdirectory: /var/lib/imap\nsievedir: /var/lib/sieve\n"
	for said, want := range map[string]string{
		"version: cyrus-imapd 3.6.1\npartition-a: /a\npartition-b: /b\n":                          "its mail lies on 2 partitions",
		"version: cyrus-imapd 3.10.0\npartition-default: /a\nmetapartition_files: header index\n": "its indexes lie on partitions of their own (metapartition_files)",
		"version: cyrus-imapd 3.2.6-Debian-3.2.6-2\npartition-default: /a\n":                      "its Cyrus is 3.2.6, and folders go by unique IDs from 3.6 on",
		"partition-default: /a\n":                              "its Cyrus is of an unknown version, and folders go by unique IDs from 3.6 on",
		"version: cyrus-imapd 3.10.1\npartition-default: /a\n": "",
		"version: cyrus-imapd 3.12.0-rc1\ndefaultpartition: x\npartition-x: /a\nmetapartition_files: \n": "",
	} {
		m, err := parseMachine("imap1", Paths{}, folders+said)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := m.filesKnown(); err != nil {
			got = err.Error()
		}
		if want != "" {
			want = "of imap1 there is no look at its files: " + want
		}
		if got != want {
			t.Errorf("of %q is said %q, want %q", said, got, want)
		}
	}
	if _, err := parseMachine("imap1", Paths{}, "version: cyrus-imapd 3.6.1\n"); err == nil {
		t.Error("a machine without folders is taken for one")
	}
}

func TestShellTellsWhatItComplainedOf(t *testing.T) {
	s := shell{[]string{"sh", "-c", "cat >/dev/null; echo no way >&2; echo there >&2; exit 3"}}
	if _, err := s.run(t.Context(), "true"); fmt.Sprint(err) != "sh -c: exit status 3: no way there" {
		t.Error(err)
	}
	if _, err := (shell{[]string{"/no/such/command"}}).run(t.Context(), "true"); err == nil || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
}
