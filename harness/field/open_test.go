package field_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// secured are edits by which every service of a lab is reached under TLS.
func secured(t *testing.T, l *fieldtest.Lab, mode field.Mode) []string {
	own := l.Certificate(t)
	var edits []string
	for _, server := range []target.ServerName{target.Imap1, target.Imap2} {
		for _, service := range front.Services() {
			edits = append(edits, l.Address(server, service), l.Secure(t, server, service, mode, own))
		}
	}
	return append(edits, "{mode: none}", fmt.Sprintf("{mode: %s, ca: ca.pem}", mode))
}

func TestServersAreSeenUnderTLS(t *testing.T) {
	for _, mode := range []field.Mode{field.Implicit, field.StartTLS} {
		t.Run(string(mode), func(t *testing.T) {
			l := fieldtest.Open(t, "alice", "bob")
			p := l.Pair(t, secured(t, l, mode)...)
			accounts, err := p.Accounts(t.Context())
			if err != nil || !slices.Equal(accounts, []string{"alice", "bob"}) {
				t.Fatalf("accounts %q, %v", accounts, err)
			}
			master := p.Servers[0]
			if master.Name() != "imap1" || master.Role() != target.RoleMaster {
				t.Errorf("the master is %s, a %s", master.Name(), master.Role())
			}
			if err := master.User().Deliver(t.Context(), "alice", []byte("Subject: x\r\n\r\n")); err != nil {
				t.Errorf("LMTP: %v", err)
			}
			if mailbox, err := master.Index().Mailbox(t.Context(), "alice", "INBOX"); err != nil || len(mailbox.Records) != 1 {
				t.Errorf("sync protocol: %+v, %v", mailbox, err)
			}
			scripts, err := master.User().Scripts(t.Context(), "alice")
			if err != nil {
				t.Fatalf("ManageSieve: %v", err)
			}
			if err := scripts.Close(); err != nil {
				t.Error(err)
			}
			if err := master.Readable(t.Context(), "alice"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Whatever the configuration is wrong about is one line, at its place in it.
func TestWhatServersRefuseIsToldInOneLine(t *testing.T) {
	l := fieldtest.Open(t, "alice")
	own := l.Certificate(t)
	imap1 := l.Address(target.Imap1, front.ServiceIMAP)
	tls1 := l.Secure(t, target.Imap1, front.ServiceIMAP, field.Implicit, own)
	_, port, _ := net.SplitHostPort(imap1)
	for _, test := range []struct {
		name     string
		edits    []string
		password string
		want     string
	}{
		{"a wrong password", nil, "guessed", `10:12: imap1's imap at ` + imap1 + ` does not let "cyrus" in: NO Authentication failed; mend admin or password, or the server's admins and proxyservers`},
		{"a certificate that nobody vouches for", []string{"imap: " + imap1, "imap: {address: " + tls1 + ", tls: implicit}"}, fieldtest.Password, "5:21: the certificate of imap1's imap at " + tls1 + " does not verify: x509: certificate signed by unknown authority; say tls: {ca: FILE} or serverName, or give the server another certificate"},
		{"a certificate of another name", []string{"imap: " + imap1, "imap: {address: " + tls1 + ", tls: implicit}", "{mode: none}", "{mode: none, ca: ca.pem, serverName: mail.example.org}"}, fieldtest.Password, "5:21: the certificate of imap1's imap at " + tls1 + " does not verify: x509: certificate is valid for localhost, not mail.example.org; say tls: {ca: FILE} or serverName, or give the server another certificate"},
		{"TLS where there is none", []string{"imap: " + imap1, "imap: {address: " + imap1 + ", tls: implicit}"}, fieldtest.Password, "5:21: imap1's imap at " + imap1 + " does not begin with TLS; say tls: starttls, or give the port that speaks TLS"},
		{"STARTTLS where there is none", []string{"imap: " + imap1, "imap: {address: " + imap1 + ", tls: starttls}"}, fieldtest.Password, "5:21: imap1's imap at " + imap1 + " refuses STARTTLS: STARTTLS not supported; let it know TLS, or say tls: none where nobody listens between"},
		{"no index by IMAP", []string{"    sync: " + l.Address(target.Imap1, front.ServiceSync) + "\n", ""}, fieldtest.Password, "5:11: imap1's imap at " + imap1 + " does not tell of indexes; give the address of its sync_server as sync"},
		{"the same server by another name", []string{l.Address(target.Imap2, front.ServiceIMAP), "localhost:" + port}, fieldtest.Password, "14:11: imap1 and imap2 are the same server: both have IMAP at " + imap1 + "; give the other server's address"},
		{"a machine that is not to be had", []string{"    role: replica", "    role: replica\n    host: {command: [sh, -c, 'echo no such host >&2; exit 255']}"}, fieldtest.Password, "14:11: the machine of imap2 cannot be looked at: asking what is where: sh -c: exit status 255: no such host; let the command run a shell there as Cyrus's user, or leave host out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l.Keep(t, test.password)
			file := l.File(t, test.edits...)
			config, err := field.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = field.Open(t.Context(), config)
			if diff := cmp.Diff(file+":"+test.want, fmt.Sprint(err)); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(fmt.Sprint(err), test.password) {
				t.Error("the password is told")
			}
		})
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	l := fieldtest.Open(t, "alice")
	config, err := field.Load(l.File(t))
	if err != nil {
		t.Fatal(err)
	}
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().KillServer(ctx, target.Imap2)
		return err
	})
	_, err = field.Open(t.Context(), config)
	var nobody *target.UnreachableError
	if !errors.As(err, &nobody) || nobody.Server != "imap2" {
		t.Errorf("got %v", err)
	}
	later, err := field.OpenLater(t.Context(), config)
	if err != nil {
		t.Fatalf("whoever looks again and again got %v", err)
	}
	if err := later.Close(); err != nil {
		t.Error(err)
	}
	l.Keep(t, "guessed")
	if config, err = field.Load(config.File); err != nil {
		t.Fatal(err)
	}
	if _, err := field.OpenLater(t.Context(), config); err == nil || !strings.Contains(err.Error(), "does not let \"cyrus\" in") {
		t.Errorf("a wrong password at the server that is there: %v", err)
	}
}

// A server that takes connections and says nothing is not waited for for ever.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice")
	config, err := field.Load(l.File(t))
	if err != nil {
		t.Fatal(err)
	}
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().(target.ServerHanger).Hang(ctx, target.Imap2)
		return err
	})
	_, err = field.Open(t.Context(), config)
	var nobody *target.UnreachableError
	if !errors.As(err, &nobody) || err.Error() != "imap2: imap not reachable: no answer within 20s" {
		t.Errorf("got %v", err)
	}
}

// Where nobody may look at a machine, that is said by whatever is asked of it.
func TestNoHost(t *testing.T) {
	l := fieldtest.Open(t, "alice")
	s := l.Pair(t).Servers[0]
	_, err := s.Host().SyncLog(t.Context())
	for _, err := range []error{err, s.FilesKnown(t.Context())} {
		var unsupported *target.UnsupportedError
		if !errors.As(err, &unsupported) || err.Error() != "of imap1 there is no view of its machine: its configuration has no host" {
			t.Errorf("got %v", err)
		}
	}
}
