package field

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// An index is put aside and rebuilt by the programs that are there, under the names that
// they take; of any other server nothing is done.
func TestOperatorRebuilds(t *testing.T) {
	h, folder := fakeMachine(t, "partition-default: /var/spool/cyrus/mail\n")
	mailbox := filepath.Join(folder, "mail")
	program := func(name, script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program("mbpath", "[ \"$1\" = 'user/alice/K&APY-ln' ] && echo "+mailbox+"\n")
	program("reconstruct", "echo \"$1\"\n")
	if err := errors.Join(os.WriteFile(filepath.Join(folder, "mailboxes.db"), nil, 0o600), os.Mkdir(mailbox, 0o700), os.WriteFile(filepath.Join(mailbox, "cyrus.index"), []byte("broken"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s := &Server{config: ServerConfig{Name: "imap1", Host: []string{"sh"}, Operate: true}, host: h}
	o, ok := s.Operator().(operator)
	if !ok {
		t.Fatal("nobody may operate")
	}
	kept, err := o.KeepIndex(t.Context(), "imap1", "alice", "INBOX/Köln")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(kept, "cyrus.index")); err != nil || string(text) != "broken" || !strings.HasPrefix(kept, folder+"/cyrdrill-kept/mail.") {
		t.Errorf("kept in %s: %q, %v", kept, text, err)
	}
	if said, err := o.Reconstruct(t.Context(), "imap1", "alice", "INBOX/Köln"); err != nil || said != "user/alice/K&APY-ln\n" {
		t.Errorf("%q, %v", said, err)
	}
	var unsupported *target.UnsupportedError
	if _, err := o.Reconstruct(t.Context(), "imap2", "alice", "INBOX"); !errors.As(err, &unsupported) {
		t.Errorf("on another server: %v", err)
	}
	program("reconstruct", "true\n")
	if _, err := o.Reconstruct(t.Context(), "imap1", "alice", "INBOX"); err == nil || !strings.Contains(err.Error(), "it found no such mailbox") {
		t.Errorf("of a mailbox that is not there: %v", err)
	}
	if s.config.Operate = false; s.Operator() != nil {
		t.Error("one that only looks may operate")
	}
}

// sync_client is found, stopped where it is, and goes on.
func TestHoldingReplication(t *testing.T) {
	h, folder := fakeMachine(t, "partition-default: /var/spool/cyrus/mail\n")
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	text, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "sync_client")
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	client := exec.CommandContext(t.Context(), program, "60")
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = client.Process.Kill()
		_ = client.Wait()
	}()
	wait := func(state target.ProcessState) {
		t.Helper()
		stat := fmt.Sprintf("/proc/%d/stat", client.Process.Pid)
		err := target.WaitUntil(t.Context(), realtime.Time{}, 10*time.Second, "sync_client to be "+string(state), func(context.Context) (bool, string, error) {
			text, err := os.ReadFile(stat)
			processes := hostview.ParseProcesses(text)
			return err == nil && len(processes) == 1 && processes[0].State == state, string(text), err
		})
		if err != nil {
			t.Error(err)
		}
	}
	wait(target.ProcessRunning)
	pid := strconv.Itoa(client.Process.Pid)
	if found, err := h.syncClients(t.Context()); err != nil || !slices.Contains(found, pid) {
		t.Errorf("found %v, %v", found, err)
	}
	if err := h.kill(t.Context(), "STOP", []string{pid}); err != nil { // and nobody else's
		t.Fatal(err)
	}
	wait(target.ProcessStopped)
	if err := h.kill(t.Context(), "CONT", []string{pid}); err != nil {
		t.Fatal(err)
	}
	wait(target.ProcessRunning)
}

// What is left to an administrator can be pasted into a shell.
func TestCommandsByHand(t *testing.T) {
	for want, config := range map[string]ServerConfig{
		"cyrus reconstruct 'user/alice/My mail' (on imap2, as Cyrus's user)":               {Name: "imap2"},
		"/usr/cyrus/reconstruct 'user/alice/My mail' (on imap2, as Cyrus's user)":          {Name: "imap2", Paths: Paths{Programs: "/usr/cyrus"}, Host: []string{"sh"}},
		`echo 'cyrus reconstruct '\''user/alice/My mail'\''' | ssh imap2 sudo -u cyrus sh`: {Name: "imap2", Host: []string{"ssh", "imap2", "sudo", "-u", "cyrus", "sh"}},
	} {
		if got := (&Server{config: config}).ByHand("reconstruct", "user/alice/My mail"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
