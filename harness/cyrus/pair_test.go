package cyrus

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

func TestPairReplicates(t *testing.T) {
	p := warm.get(t)
	wantNew(t, p)
	session, err := p.Serving().User().Login(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	_, uids, err := session.Append(t.Context(), "INBOX",
		target.AppendMessage{Flags: []string{`\Seen`, "$Forwarded"}, InternalDate: date, Body: []byte("Subject: one\r\n\r\n1\r\n")},
		target.AppendMessage{InternalDate: date, Body: []byte("Subject: two\r\n\r\n2\r\n")})
	if err != nil || len(uids) != 2 {
		t.Fatalf("UIDs %v, %v", uids, err)
	}
	if err := session.Expunge(t.Context(), "INBOX", uids[1:]); err != nil {
		t.Fatal(err)
	}
	wantReplicated(t, p, "bob")
	inbox := snapshot(t, p.Server(target.Imap2), "bob").Mailboxes[0]
	if len(inbox.Records) != 2 || !inbox.Records[1].Expunged || !inbox.Records[0].InternalDate.Equal(date) || len(inbox.Records[0].Flags) != 2 {
		t.Errorf("the replica has %+v", inbox.Records)
	}
}

// From whatever a drill leaves, a reset leads back to a new pair.
func TestResetFromEveryState(t *testing.T) {
	type hands struct {
		*Pair
		context.Context
	}
	do := func(steps ...func(hands) error) func(hands) error {
		return func(h hands) error {
			for _, step := range steps {
				if err := step(h); err != nil {
					return err
				}
			}
			return nil
		}
	}
	suspend := func(h hands) error {
		_, err := h.Saboteur().Suspend(h.Context, target.Imap1, "sync_client")
		return err
	}
	kill := func(name target.ServerName) func(hands) error {
		return func(h hands) error { _, err := h.Saboteur().KillServer(h.Context, name); return err }
	}
	stop := func(h hands) error { return h.Operator().Stop(h.Context, target.Imap1) }
	promote := func(h hands) error { return h.Operator().Promote(h.Context, target.Imap2) }
	rescue := func(h hands) error { return h.Operator().Rescue(h.Context, target.Imap1) }
	for _, tc := range []struct {
		name  string
		wreck func(hands) error
	}{
		{"used", do()},
		{"sync_client stopped", do(suspend)},
		{"master killed", do(kill(target.Imap1))},
		{"master stopped", do(stop)},
		{"replica killed", do(kill(target.Imap2))},
		{"promoted", do(suspend, kill(target.Imap1), promote)},
		{"rescued", do(kill(target.Imap1), promote, rescue)},
		{"everything dead after a promotion", do(kill(target.Imap1), promote, kill(target.Imap2))},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			p := warm.get(t)
			deliver(t, p.Serving(), "alice", "old mail")
			if err := tc.wreck(hands{p, t.Context()}); err != nil {
				t.Fatal(err)
			}
			if err := p.Reset(t.Context(), accounts); err != nil {
				t.Fatal(err)
			}
			wantNew(t, p)
			if log, err := p.Server(target.Imap1).Host().Syslog(t.Context()); err != nil || strings.Contains(string(log), "old mail") {
				t.Errorf("the syslog after a reset: %v, %d bytes", err, len(log))
			}
		})
	}
}

// After five resets the master process has seen five ends of each service, and
// must not have given any up.
func TestResetAgainAndAgain(t *testing.T) {
	p := warm.get(t)
	for range 7 {
		if err := p.Reset(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		deliver(t, p.Serving(), "alice", "once more")
		wantReplicated(t, p, "alice")
	}
}

func TestSuspendedSyncClientLeavesTheReplicaBehind(t *testing.T) {
	p := warm.get(t)
	evidence, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client")
	if err != nil || !evidence.Landed() {
		t.Fatalf("%+v, %v", evidence, err)
	}
	stopped := hostview.StateOf('T')
	processes, err := p.Server(target.Imap1).Host().Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, process := range processes {
		seen = seen || process.Name == "sync_client" && process.State == stopped
	}
	if !seen {
		t.Errorf("no stopped sync_client among %v", processes)
	}
	deliver(t, p.Serving(), "alice", "held up")
	log, err := p.Server(target.Imap1).Host().SyncLog(t.Context())
	if err != nil || log.Pending() == 0 || log.Bytes() == 0 || log.Current.Modified.IsZero() {
		t.Errorf("the sync log: %+v, %v", log, err)
	}
	if behind := snapshot(t, p.Server(target.Imap2), "alice"); behind.Mailboxes[0].LastUID != 0 {
		t.Error("the message has crossed all the same")
	}
	if evidence, err = p.Saboteur().Resume(t.Context(), target.Imap1, "sync_client"); err != nil || !evidence.Landed() {
		t.Fatalf("%+v, %v", evidence, err)
	}
	wantReplicated(t, p, "alice")
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap2, "sync_client"); err == nil {
		t.Error("a process that is not there was suspended")
	}
}

func TestKillPromoteRescue(t *testing.T) {
	p := warm.get(t)
	deliver(t, p.Serving(), "alice", "before")
	wantReplicated(t, p, "alice")
	operator := p.Operator()
	for what, err := range map[string]error{
		"promoting beside a master that runs": operator.Promote(t.Context(), target.Imap2),
		"promoting the master":                operator.Promote(t.Context(), target.Imap1),
		"rescuing the serving server":         operator.Rescue(t.Context(), target.Imap1),
		"rescuing a replica that runs":        operator.Rescue(t.Context(), target.Imap2),
		"starting what is up":                 operator.Start(t.Context(), target.Imap1),
	} {
		if err == nil {
			t.Fatalf("%s was not refused", what)
		}
	}
	evidence, err := p.Saboteur().KillServer(t.Context(), target.Imap1)
	if err != nil || !evidence.Landed() {
		t.Fatalf("%+v, %v", evidence, err)
	}
	dead := p.Server(target.Imap1)
	if processes, err := dead.Host().Processes(t.Context()); err != nil || len(processes) != 0 {
		t.Errorf("processes of a dead server: %v, %v", processes, err)
	}
	if _, err := dead.Host().SyncLog(t.Context()); err != nil {
		t.Errorf("the sync log on a dead server's disk: %v", err)
	}
	var unreachable *target.UnreachableError
	if err := dead.User().Deliver(t.Context(), "alice", []byte("x\r\n")); !errors.As(err, &unreachable) {
		t.Errorf("delivering to a dead server: %v", err)
	}
	if _, err := dead.Index().Mailboxes(t.Context(), "alice"); !errors.As(err, &unreachable) {
		t.Errorf("looking into the index of a dead server: %v", err)
	}

	if err := operator.Promote(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	if p.Serving().Name() != target.Imap2 || p.Role(target.Imap2) != target.RoleMaster {
		t.Errorf("%s serves, imap2 is %s", p.Serving().Name(), p.Role(target.Imap2))
	}
	deliver(t, p.Serving(), "alice", "after")
	if log, err := p.Server(target.Imap2).Host().SyncLog(t.Context()); err != nil || log.Pending() == 0 {
		t.Errorf("the new master logs nothing for replication: %+v, %v", log, err)
	}

	if err := operator.Rescue(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dead, "alice")
	if len(before.Mailboxes[0].Records) != 1 {
		t.Errorf("the rescued store shows %+v", before.Mailboxes)
	}
	if err := dead.User().Deliver(t.Context(), "alice", []byte("x\r\n")); err == nil {
		t.Error("a rescued server took mail")
	}
	if session, err := dead.User().Login(t.Context(), "nobody"); err == nil {
		if names, err := session.List(t.Context()); err != nil || len(names) != 0 {
			t.Errorf("a login on a rescued server made %v, %v", names, err)
		}
		session.Close()
	}
	if diffs := target.Diff(before, snapshot(t, dead, "alice")); len(diffs) != 0 {
		t.Errorf("looking has changed the rescued store: %v", diffs)
	}
}

func TestStopAndStart(t *testing.T) {
	p := warm.get(t)
	if err := p.Operator().Stop(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "while the replica was down")
	if err := p.Operator().Start(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	wantReplicated(t, p, "alice")
}

// Every call must end with its context, also against a server that hangs.
func TestPausedServerHangsNobody(t *testing.T) {
	p := warm.get(t)
	session, err := p.Serving().User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := p.Serving().Index().Mailboxes(t.Context(), "alice"); err != nil { // a kept connection
		t.Fatal(err)
	}
	s := p.server(target.Imap1)
	if _, err := p.engine.ContainerPause(t.Context(), s.id, clientPause); err != nil {
		t.Fatal(err)
	}
	for what, call := range map[string]func(context.Context) error{
		"login":   func(ctx context.Context) error { _, err := s.User().Login(ctx, "bob"); return err },
		"deliver": func(ctx context.Context) error { return s.User().Deliver(ctx, "alice", []byte("x\r\n")) },
		"index":   func(ctx context.Context) error { _, err := s.Index().Mailboxes(ctx, "alice"); return err },
		"append": func(ctx context.Context) error {
			_, _, err := session.Append(ctx, "INBOX", target.AppendMessage{Body: []byte("x\r\n")})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := call(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s on a paused server: %v", what, err)
		}
	}
	if err := p.Reset(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	wantNew(t, p)
}

func TestNoEngineAndNoImage(t *testing.T) {
	var setup *target.SetupError
	needDocker(t)
	if err := Check(t.Context(), "nosuchsuite"); !errors.As(err, &setup) || setup.Mend != "make images SUITE=nosuchsuite" {
		t.Errorf("without the image: %v", err)
	}
	t.Setenv("DOCKER_HOST", "unix://"+t.TempDir()+"/none.sock")
	for what, err := range map[string]error{
		"Check":   Check(t.Context(), "bookworm"),
		"Engine":  second(Engine(t.Context())),
		"NewPair": second(New().NewPair(t.Context(), target.Spec{})),
		"Down":    second(Down(t.Context(), "")),
	} {
		if !errors.As(err, &setup) || !strings.Contains(setup.Mend, "--target sim") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s without an engine: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A child that inherited the session would have its pairs reaped with ours.
func TestSessionStaysWithThisProcess(t *testing.T) {
	applySettings()
	if id, inherited := os.LookupEnv("TESTCONTAINERS_SESSION_ID"); inherited {
		t.Errorf("children inherit session %s", id)
	}
}

// Cyrus asks for each client's name before it greets. That must not depend on
// anybody's DNS.
func TestClientsHaveAName(t *testing.T) {
	p := warm.get(t)
	for _, s := range p.servers {
		said, err := p.engine.exec(t.Context(), s.id, "", "sh", "-c",
			`gateway=$(busybox ip route | sed -n 's/^default via \([^ ]*\).*/\1/p') && grep "^$gateway " /etc/hosts`)
		if err != nil || !strings.HasSuffix(string(said), " clients\n") {
			t.Errorf("%s does not know its network's gateway: %q, %v", s.name, said, err)
		}
	}
}
