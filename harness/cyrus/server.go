package cyrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// ports are the services' ports within a container.
var ports = map[view.Service]uint16{view.IMAP: 143, view.LMTP: 2003, view.Sync: 2005, view.Sieve: 4190}

// server is one Cyrus in its container.
type server struct {
	pair *Pair
	name target.ServerName
	view *view.View

	lookout  lookout
	compiled sync.Map // what sievec made of scripts' sources: string → []byte

	mu        sync.Mutex
	id        string // of the container; empty: not made yet
	role      target.Role
	peerHost  string                  // to whom it replicates; empty: to nobody
	garbled   bool                    // something else than sync_server answers at its port
	protected bool                    // its mail is mounted read-only
	draining  bool                    // it is a master that takes no users
	addresses map[view.Service]string // while it runs; they move at each start
	logSince  time.Time               // when it was made or reset
	offset    time.Duration           // of its clock from real time
}

var _ target.Server = (*server)(nil)

func newServer(p *Pair, name target.ServerName, role target.Role) *server {
	s := &server{pair: p, name: name, role: role, logSince: time.Now()}
	s.view = view.New(name, s, view.Credentials{Admin: docker.AdminUser, Password: docker.AdminPassword})
	return s
}

// Name implements [target.Server].
func (s *server) Name() target.ServerName { return s.name }

// Index implements [target.Server].
func (s *server) Index() target.IndexView { return s.view.Index() }

// User implements [target.Server].
func (s *server) User() target.UserView { return userView{s.view.User()} }

// userView is what users get, and an administrator is shown, of a server: but for
// the harness's own account.
type userView struct{ target.UserView }

// Accounts implements [target.UserView].
func (u userView) Accounts(ctx context.Context) ([]string, error) {
	names, err := u.UserView.Accounts(ctx)
	return slices.DeleteFunc(names, func(name string) bool { return name == probe }), err
}

// Host implements [target.Server].
func (s *server) Host() target.HostView { return hostView{s} }

// Role returns what the server does in its pair at the moment.
func (s *server) Role() target.Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.role
}

func (s *server) setRole(role target.Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.role = role
}

func (s *server) setPeer(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peerHost = host
}

// peerNow returns the host to which the server replicates, or "".
func (s *server) peerNow() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peerHost
}

// sabotaged says what was done to the server that a start takes back.
func (s *server) sabotaged() (garbled, protected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.garbled, s.protected
}

func (s *server) setGarbled(garbled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.garbled = garbled
}

func (s *server) setProtected(protected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.protected = protected
}

func (s *server) setDraining(draining bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = draining
}

func (s *server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// services are those whose greeting shows that the server is up.
func (s *server) services() []view.Service {
	if s.isDraining() {
		return []view.Service{view.Sync}
	}
	return []view.Service{view.IMAP, view.Sync}
}

// peer is the host to which the server replicates.
func (s *server) peer() string { return hostOf(s.name.Other()) }

// hostOf is a server's name in the network of replication, and nowhere else: by
// its own name it can be found in the observers' network as well, and to be cut
// off would mean nothing.
func hostOf(name target.ServerName) string { return string(name) + "-replication" }

// configuration renders the files for a role.
func (s *server) configuration(role target.Role, peer string) ([]file, error) {
	c := s.pair.config(s, role, peer)
	imapd, err := c.ImapdConf()
	if err != nil {
		return nil, err
	}
	services, err := c.CyrusConf()
	if err != nil {
		return nil, err
	}
	return []file{{path: "/etc/imapd.conf", mode: 0o644, content: imapd}, {path: "/etc/cyrus.conf", mode: 0o644, content: services}}, nil
}

// create makes and starts the container in the role that a new pair has the
// server in, and waits for its greeting.
func (s *server) create(ctx context.Context) error {
	peer := ""
	if s.role == target.RoleMaster {
		peer = s.peer()
	}
	s.setPeer(peer)
	files, err := s.configuration(s.role, peer)
	if err != nil {
		return err
	}
	labels := s.pair.labels()
	labels[labelServer] = string(s.name)
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithLabels(labels),
		testcontainers.WithExposedPorts("143/tcp", "2003/tcp", "2005/tcp", "4190/tcp"),
		network.WithNetworkName([]string{hostOf(s.name)}, s.pair.networks[replicationNetwork]),
		network.WithNetworkName(nil, s.pair.networks[observersNetwork]),
		testcontainers.WithHostConfigModifier(func(c *container.HostConfig) {
			c.PortBindings = s.pair.engine.publish(slices.Collect(maps.Values(ports))...)
		}),
		testcontainers.WithConfigModifier(func(c *container.Config) { c.Hostname = string(s.name) }),
	}
	if s.pair.smallDisk {
		options = append(options, testcontainers.WithTmpfs(map[string]string{mailFolder: smallDisk}))
	}
	if s.pair.moving {
		options = append(options, testcontainers.WithEnv(map[string]string{docker.FaketimeVariable: "+0"}))
	}
	for _, f := range files {
		options = append(options, testcontainers.WithFiles(testcontainers.ContainerFile{
			Reader: bytes.NewReader(f.content), ContainerFilePath: f.path, FileMode: f.mode,
		}))
	}
	made, err := testcontainers.Run(ctx, docker.Image(s.pair.suite), options...)
	if made != nil {
		s.mu.Lock()
		s.id = made.GetContainerID()
		s.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("starting the container of %s: %w", s.name, err)
	}
	if err := s.greeted(ctx); err != nil {
		return err
	}
	return s.giveDisk(ctx)
}

// greeted reads anew where the services are and waits until IMAP greets.
func (s *server) greeted(ctx context.Context) error {
	if err := s.locate(ctx); err != nil {
		return err
	}
	return target.WaitUntil(ctx, realTime{}, greetWithin, string(s.name)+" to greet", func(ctx context.Context) (bool, string, error) {
		if err := s.hello(ctx); err != nil {
			return false, err.Error(), s.died(ctx)
		}
		return true, "", nil
	})
}

// hello reads the greeting of IMAP and of the sync protocol.
func (s *server) hello(ctx context.Context) error {
	for _, service := range s.services() {
		conn, err := s.Dial(ctx, service)
		if err != nil {
			return err
		}
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, err = conn.Read(make([]byte, 2))
		conn.Close()
		if err != nil {
			return fmt.Errorf("no greeting from %s: %w", service, err)
		}
	}
	return nil
}

var errDied = errors.New("its container has ended")

// died returns an error once the container does not run any more: to wait for
// it would be in vain.
func (s *server) died(ctx context.Context) error {
	found, err := s.pair.engine.inspect(ctx, s.id)
	if err != nil {
		return err
	}
	if found.State != nil && !found.State.Running {
		return fmt.Errorf("%s: %w with status %d; its log ends: %s", s.name, errDied, found.State.ExitCode, s.lastWords(ctx))
	}
	return nil
}

// lastWords returns the end of the container's log on one line, or "".
func (s *server) lastWords(ctx context.Context) string {
	if s.id == "" {
		return ""
	}
	text, err := s.pair.engine.logs(ctx, s.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: complaintTail})
	if err != nil {
		return ""
	}
	return strings.Join(strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' }), " / ")
}

// logs reads a container's log.
func (e *engine) logs(ctx context.Context, id string, options client.ContainerLogsOptions) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	stream, err := e.ContainerLogs(ctx, id, options)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var text bytes.Buffer
	if _, err := stdcopy.StdCopy(&text, &text, stream); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}
