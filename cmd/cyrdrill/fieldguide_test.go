package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// site is two Cyrus servers that cyrdrill knows nothing of: containers that were started
// by the docker command, with configurations of their own.
type site struct {
	folder  string
	network string
	names   map[string]string            // of containers, by server
	ports   map[string]map[string]string // addresses, by server and port within
}

// dockerCommand runs the docker command, which must go well.
func dockerCommand(t *testing.T, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	defer cancel()
	said, err := exec.CommandContext(ctx, "docker", arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v: %s", strings.Join(arguments, " "), err, said)
	}
	return strings.TrimSpace(string(said))
}

const siteConfiguration = `servername: %s
configdirectory: /var/lib/cyrus
defaultpartition: default
partition-default: /var/spool/cyrus/mail
sievedir: /var/spool/sieve
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
lmtpsocket: /run/cyrus/socket/lmtp
idlesocket: /run/cyrus/socket/idle
notifysocket: /run/cyrus/socket/notify
unixhierarchysep: yes
altnamespace: no
conversations: yes
expunge_mode: delayed
delete_mode: delayed
tls_server_cert: /etc/cyrus-cert.pem
tls_server_key: /etc/cyrus-key.pem
tls_session_timeout: 0
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN
admins: admin
proxyservers: admin
%s`

const siteMaster = `autocreate_quota: 0
sync_log: yes
sync_host: imap2
sync_port: 2005
sync_authname: admin
sync_password: secret
sync_try_imap: no
sync_repeat_interval: 1
`

const siteServices = `START {
  recover   cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  imap      cmd="imapd" listen="143" proto="tcp4" maxchild=100
  sieve     cmd="timsieved" listen="4190" proto="tcp4" maxchild=50
  sync      cmd="sync_server" listen="2005" proto="tcp4" maxchild=50
}
%s`

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{folder: t.TempDir(), network: "cyrdrill-field-" + strings.ToLower(rand.Text()[:8]), names: map[string]string{}, ports: map[string]map[string]string{}}
	s.certificate(t)
	dockerCommand(t, "network", "create", s.network)
	t.Cleanup(func() { dockerCommand(t, "network", "rm", s.network) })
	s.start(t, "imap2", "autocreate_quota: -1\nsync_log: no\n", "")
	s.start(t, "imap1", siteMaster, "DAEMON {\n  syncclient cmd=\"sync_client -r -l\"\n}\n")
	return s
}

// certificate is one for all, at the address where ports are published.
func (s *site) certificate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

func (s *site) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (s *site) start(t *testing.T, server, settings, daemon string) {
	t.Helper()
	name := s.network + "-" + server
	dockerCommand(t, "create", "--name", name, "--hostname", server, "--network", s.network, "--network-alias", server,
		"-p", "127.0.0.1::143", "-p", "127.0.0.1::2005", "-p", "127.0.0.1::4190", docker.Image("bookworm"))
	t.Cleanup(func() { dockerCommand(t, "rm", "--force", "--volumes", name) })
	s.names[server] = name
	for inside, file := range map[string]string{
		"/etc/imapd.conf":     s.write(t, server+".imapd.conf", fmt.Sprintf(siteConfiguration, server, settings)),
		"/etc/cyrus.conf":     s.write(t, server+".cyrus.conf", fmt.Sprintf(siteServices, daemon)),
		"/etc/cyrus-cert.pem": filepath.Join(s.folder, "ca.pem"), "/etc/cyrus-key.pem": filepath.Join(s.folder, "key.pem"),
	} {
		dockerCommand(t, "cp", file, name+":"+inside)
	}
	s.run(t, server)
}

// run starts a server's container, and notes where its ports are then.
func (s *site) run(t *testing.T, server string) {
	t.Helper()
	dockerCommand(t, "start", s.names[server])
	s.ports[server] = map[string]string{}
	for _, port := range []string{"143", "2005", "4190"} {
		s.ports[server][port], _, _ = strings.Cut(dockerCommand(t, "port", s.names[server], port), "\n")
	}
}

// on runs a script in a server's container.
func (s *site) on(t *testing.T, server, script string) string {
	t.Helper()
	return dockerCommand(t, "exec", s.names[server], "sh", "-c", script)
}

// signal sends one to sync_client.
func (s *site) signal(t *testing.T, name string) {
	t.Helper()
	s.on(t, "imap1", `for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" != sync_client ] || kill -`+name+` ${p#/proc/}; done`)
}

// guide is docs/field.md: its configuration, and each command with what it prints.
type guide struct {
	configuration string
	commands      []string
	printed       []string
	monitor, page string // the command that watches for ever, and what it tells people by
}

// restoring is the part of the guide that is about two servers of which one was rescued.
const restoring = "\n## Restoring\n"

// readPage returns the guide before its part on restoring, and that part.
func readPage(t *testing.T) (comparing, restored guide) {
	t.Helper()
	text, err := os.ReadFile("../../docs/field.md")
	if err != nil {
		t.Fatal(err)
	}
	first, second, both := strings.Cut(string(text), restoring)
	comparing, restored = parseGuide(first), parseGuide(second)
	if !both || comparing.configuration == "" || len(comparing.commands) != 3 || len(restored.commands) != 3 {
		t.Fatalf("the guide has the configuration %q and the commands %q and %q", comparing.configuration, comparing.commands, restored.commands)
	}
	return comparing, restored
}

func parseGuide(text string) (g guide) {
	for i, block := range strings.Split(text, "```") {
		kind, body, _ := strings.Cut(block, "\n")
		switch {
		case i%2 == 0:
		case kind == "yaml":
			if g.configuration == "" { // what follows are parts, and others' files
				g.configuration = body
			}
		case kind == "sh":
			g.page = body
		case strings.HasPrefix(body, "cyrdrill monitor "):
			g.monitor = strings.TrimSpace(body)
		case strings.HasPrefix(body, "$ "):
			body = strings.TrimPrefix(body, "$ export CYRUS_PASSWORD=…\n")
			line, printed, _ := strings.Cut(strings.TrimPrefix(body, "$ "), "\n")
			g.commands, g.printed = append(g.commands, line), append(g.printed, printed)
		}
	}
	return g
}

// here is the guide's configuration for the servers of a site.
func (g guide) here(s *site) string {
	text := g.configuration
	for server, ports := range s.ports {
		for port, address := range ports {
			text = strings.ReplaceAll(text, server+".example.org:"+port, address)
		}
	}
	return text
}

// ssh puts an ssh of the site's own before that of the machine: it runs a command on the
// host of a server by its shell, as sshd does, and sudo there knows cyrus alone.
func (s *site) ssh(t *testing.T) {
	t.Helper()
	bin := filepath.Join(s.folder, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "#!/bin/sh\nhost=$1; shift\ncase $host in\n"
	for server, name := range s.names {
		text += fmt.Sprintf("%s.example.org) name=%s;;\n", server, name)
	}
	text += "*) echo \"ssh: Could not resolve hostname $host\" >&2; exit 255;;\nesac\nexec docker exec -i $name sh -c \"$*\"\n"
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	const sudo = "#!/bin/sh\n[ \"$1 $2\" = '-u cyrus' ] || exit 1\nshift 2\nexec setpriv --reuid cyrus --regid mail --init-groups \"$@\"\n"
	for server, name := range s.names {
		dockerCommand(t, "cp", s.write(t, "sudo", sudo), name+":/usr/local/bin/sudo")
		s.on(t, server, "chmod 755 /usr/local/bin/sudo")
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

// open waits until the servers of a configuration let the administrator in.
func (s *site) open(t *testing.T, configuration string) *field.Pair {
	t.Helper()
	loaded, err := field.Load(configuration)
	if err != nil {
		t.Fatal(err)
	}
	var pair *field.Pair
	err = target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, "both servers to let the administrator in", func(ctx context.Context) (bool, string, error) {
		pair, err = field.Open(ctx, loaded)
		return err == nil, fmt.Sprint(err), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pair.Close() })
	return pair
}

// changing is what differs between any two runs of a command.
var changing = regexp.MustCompile(`in [0-9.]+m?s\b|in [0-9]+m[0-9]+s\b|UIDVALIDITY [0-9]+`)

func settled(text string) string { return changing.ReplaceAllString(text, "…") }

// The guide's own commands, on two servers that cyrdrill did not start.
func TestFieldGuide(t *testing.T) {
	cyrustest.Need(t)
	g, _ := readPage(t)
	s := newSite(t)
	configuration := s.write(t, "field.yaml", g.here(s))
	const password = "CYRUS_PASSWORD=secret"
	t.Setenv("CYRUS_PASSWORD", "secret")
	s.ssh(t)
	pair := s.open(t, configuration)
	fill(t, pair.Servers[0])
	replicated(t, pair)
	before := s.files(t, pair)

	if got := shell(t, s.folder, g.commands[0], password); got.status != statusPass || settled(got.out) != settled(g.printed[0]) {
		t.Errorf("%s: %+v\n%s", g.commands[0], got, cmp.Diff(settled(g.printed[0]), settled(got.out)))
	}
	if diff := cmp.Diff(before, s.files(t, pair)); diff != "" {
		t.Errorf("looking has changed something:\n%s", diff)
	}

	s.signal(t, "STOP")
	add(t, pair.Servers[0], "alice", "INBOX", "never replicated")
	if got := shell(t, s.folder, g.commands[1], password); got.status != statusFail || settled(got.out) != settled(g.printed[1]) {
		t.Errorf("%s: %+v\n%s", g.commands[1], got, cmp.Diff(settled(g.printed[1]), settled(got.out)))
	}
	s.signal(t, "CONT")
	replicated(t, pair)

	weekly := strings.ReplaceAll(g.commands[2], "/var/lib/cyrdrill/", s.folder+"/")
	got := shell(t, s.folder, weekly, password)
	if got.status != statusPass || !strings.Contains(got.out, "\nverdict   EQUAL: of 3 accounts 3 are equal, 0 differ; in ") || !strings.HasSuffix(got.out, "report    "+s.folder+"/weekly.report.txt, "+s.folder+"/weekly.report.json\n") {
		t.Errorf("%s: %+v", weekly, got)
	}
	// What neither index nor counters tell of: a file in which other bytes lie, and rules
	// that are compiled of others.
	s.on(t, "imap2", `for f in $(find /var/spool/cyrus/mail -name 2.); do if grep -q "to bob" $f; then printf X | dd of=$f bs=1 seek=5 conv=notrunc 2>/dev/null; fi; done`)
	s.on(t, "imap2", `for f in $(find /var/spool/sieve -name '*.bc' -path '*carol*' -o -name '*.bc'); do echo 'discard;' >/tmp/x && /usr/lib/cyrus/bin/sievec /tmp/x $f; done`)
	got = shell(t, s.folder, weekly, password)
	for _, want := range []string{"differs   bob\n", "body-compare: body-differs: UID 2 in INBOX of bob on imap2", "spool-check: body-differs: UID 2 in INBOX of bob on imap2", "differs   carol\n", `script-compare: compiled-script-stale: script "rules" of carol on imap2`} {
		if !strings.Contains(got.out, want) || got.status != statusFail {
			t.Errorf("with a file and bytecode that are not what they should be, nobody tells %q: %+v", want, got)
		}
	}
}

// fill gives three accounts mail by IMAP, and one of them rules by ManageSieve.
func fill(t *testing.T, master *field.Server) {
	t.Helper()
	for _, account := range []string{"alice", "bob", "carol"} {
		for n := range 3 {
			add(t, master, account, "INBOX", fmt.Sprintf("number %d to %s", n, account))
		}
	}
	session, err := master.User().Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if err := session.CreateMailbox(t.Context(), "INBOX/Köln"); err != nil {
		t.Error(err)
	}
	_ = session.Close()
	add(t, master, "alice", "INBOX/Köln", "below")
	scripts, err := master.User().Scripts(t.Context(), "carol")
	if err != nil {
		t.Fatal(err)
	}
	defer scripts.Close() // it was only written to
	if err := scripts.Put(t.Context(), "rules", []byte("keep;\r\n")); err != nil {
		t.Error(err)
	}
	if err := scripts.Activate(t.Context(), "rules"); err != nil {
		t.Error(err)
	}
}

func add(t *testing.T, server *field.Server, account, mailbox, subject string) {
	t.Helper()
	session, err := server.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() // APPEND was answered
	message := target.AppendMessage{Body: fmt.Appendf(nil, "From: test@example.org\r\nSubject: %s\r\n\r\nHello.\r\n", subject), Flags: []string{`\Seen`}}
	if _, _, err := session.Append(t.Context(), mailbox, message); err != nil {
		t.Fatal(err)
	}
}

// replicated waits until nothing waits.
func replicated(t *testing.T, pair *field.Pair) {
	t.Helper()
	err := target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, "replication", func(ctx context.Context) (bool, string, error) {
		log, err := pair.Servers[0].Host().SyncLog(ctx)
		return err == nil && log.Pending() == 0, fmt.Sprint(log, err), nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// files are all files of both servers' data, with their times.
func (s *site) files(t *testing.T, pair *field.Pair) [2]map[string]string {
	t.Helper()
	var files [2]map[string]string
	for i, server := range pair.Servers {
		var err error
		if files[i], err = server.Host().DataFiles(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(files[i]) < 10 || !slices.ContainsFunc(slices.Collect(maps.Keys(files[i])), func(path string) bool { return strings.HasSuffix(path, "cyrus.index") }) {
			t.Errorf("the files of %s are %v", server.Name(), files[i])
		}
	}
	return files
}
