package field

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// operator does what an administrator does by hand on the one server of a pair on whose
// machine that is allowed. It does no more than a restore needs.
type operator struct{ server *Server }

var (
	_ target.Operator          = operator{}
	_ target.ReplicationHolder = operator{}
	_ target.IndexKeeper       = operator{}
)

// Operator returns who may change the server by commands on its machine; nil: nobody may.
func (s *Server) Operator() target.Operator {
	if !s.Operates() {
		return nil
	}
	return operator{s}
}

// ByHand returns the command by which an administrator runs one of Cyrus's tools on the
// server's machine, to be pasted into a shell.
func (s *Server) ByHand(tool string, arguments ...string) string {
	words := append([]string{"cyrus", tool}, arguments...)
	if s.config.Paths.Programs != "" {
		words = append([]string{s.config.Paths.Programs + "/" + tool}, arguments...)
	}
	return s.runThere(words)
}

func (s *Server) runThere(words []string) string {
	command := quoteWhereNeeded(words)
	if len(s.config.Host) > 1 { // the last word is the shell, which reads what it is to do
		return "echo " + quoteAll([]string{command}) + " | " + quoteWhereNeeded(s.config.Host)
	}
	return fmt.Sprintf("%s (on %s, as Cyrus's user)", command, s.config.Name)
}

// quoteWhereNeeded joins words as a shell reads them.
func quoteWhereNeeded(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if word == "" || strings.ContainsFunc(word, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-", r)
		}) {
			quoted[i] = quoteAll([]string{word})
		}
	}
	return strings.Join(quoted, " ")
}

// host returns the machine of a server that may be operated.
func (o operator) host(name target.ServerName, what string) (*host, error) {
	if name != o.server.Name() {
		return nil, o.no(what + " on " + string(name))
	}
	h, ok := o.server.host.(*host)
	if !ok {
		return nil, o.no(what)
	}
	return h, nil
}

func (o operator) no(what string) error {
	return &target.UnsupportedError{Target: string(o.server.Name()), What: what, Why: "a restore does not do that in the field"}
}

// Reconstruct implements [target.Operator].
func (o operator) Reconstruct(ctx context.Context, name target.ServerName, account, mailbox string, how ...target.ReconstructOption) (string, error) {
	h, err := o.host(name, "reconstruct")
	if err != nil {
		return "", err
	}
	var arguments []string
	for _, option := range how {
		arguments = append(arguments, string(option))
	}
	what := fmt.Sprintf("reconstructing %s of %s", mailbox, account)
	said, err := h.look(ctx, what, func(m *machine) ([]string, error) {
		return m.layout.Tool("reconstruct", append(arguments, mailboxname.Tool(account, mailbox))...), nil
	})
	// It ends with 0 whatever happened, and with the mailbox's name where it found one.
	if err == nil && !strings.Contains(string(said), "user/"+account) && !strings.Contains(string(said), "user."+account) {
		err = h.failed(what, fmt.Errorf("it found no such mailbox: %q", said))
	}
	return string(said), err
}

// KeepIndex implements [target.IndexKeeper].
func (o operator) KeepIndex(ctx context.Context, name target.ServerName, account, mailbox string) (string, error) {
	h, err := o.host(name, "copy of an index")
	if err != nil {
		return "", err
	}
	what := fmt.Sprintf("keeping the index of %s of %s", mailbox, account)
	said, err := h.look(ctx, what, func(m *machine) ([]string, error) {
		return m.layout.Tool("mbpath", mailboxname.Tool(account, mailbox)), nil
	})
	if err != nil {
		return "", err
	}
	folder := strings.TrimSpace(string(said))
	if !strings.HasPrefix(folder, "/") {
		return "", h.failed(what, fmt.Errorf("mbpath says %q", folder))
	}
	kept, err := h.look(ctx, what, func(m *machine) ([]string, error) {
		return m.layout.KeepIndexCommand(folder), nil
	})
	return strings.TrimSpace(string(kept)), err
}

// HoldReplication implements [target.ReplicationHolder]: sync_client is stopped (SIGSTOP).
// The master process does not start another.
func (o operator) HoldReplication(ctx context.Context, name target.ServerName) error {
	return o.signal(ctx, name, "STOP")
}

// ReleaseReplication implements [target.ReplicationHolder].
func (o operator) ReleaseReplication(ctx context.Context, name target.ServerName) error {
	return o.signal(ctx, name, "CONT")
}

func (o operator) signal(ctx context.Context, name target.ServerName, signal string) error {
	h, err := o.host(name, "signal to sync_client")
	if err != nil {
		return err
	}
	pids, err := h.syncClients(ctx)
	if err != nil || len(pids) == 0 {
		return err
	}
	return h.kill(ctx, signal, pids)
}

// ownSyncClients prints the pids of sync_client that are the user's own (root's are all)
// and not those of a container on the machine.
const ownSyncClients = `own=$(readlink /proc/self/ns/pid)
for process in /proc/[0-9]*; do
    [ "$(cat "$process/comm" 2>/dev/null)" = sync_client ] || continue
    [ -O "$process" ] || [ "$(id -u)" = 0 ] || continue
    [ "$(readlink "$process/ns/pid")" = "$own" ] || continue
    echo "${process#/proc/}"
done
true`

func (h *host) syncClients(ctx context.Context) ([]string, error) {
	said, err := h.shell.exec(ctx, []string{"sh", "-c", ownSyncClients})
	if err != nil {
		return nil, h.failed("looking for sync_client", err)
	}
	return strings.Fields(string(said)), nil
}

func (h *host) kill(ctx context.Context, signal string, pids []string) error {
	command := append([]string{"sh", "-c", `kill "$@"`, "kill", "-" + signal}, pids...)
	if _, err := h.shell.exec(ctx, command); err != nil {
		return h.failed("sending SIG"+signal+" to sync_client", err)
	}
	return nil
}

// Start implements [target.Operator].
func (o operator) Start(context.Context, target.ServerName) error { return o.no("start") }

// Stop implements [target.Operator].
func (o operator) Stop(context.Context, target.ServerName) error { return o.no("stop") }

// Promote implements [target.Operator].
func (o operator) Promote(context.Context, target.ServerName) error { return o.no("promotion") }

// Rescue implements [target.Operator].
func (o operator) Rescue(context.Context, target.ServerName) error { return o.no("rescue") }

// Expire implements [target.Operator].
func (o operator) Expire(context.Context, target.ServerName) (string, error) {
	return "", o.no("cyr_expire")
}

// SyncUser implements [target.Operator].
func (o operator) SyncUser(context.Context, target.ServerName, string) (int, error) {
	return 0, o.no("sync_client")
}

// Resync implements [target.Operator].
func (o operator) Resync(context.Context, target.ServerName, []string) error { return o.no("resync") }

// SwapRoles implements [target.Operator].
func (o operator) SwapRoles(context.Context) (time.Duration, error) { return 0, o.no("swap of roles") }
