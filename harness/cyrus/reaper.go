package cyrus

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// The labels by which what a pair is made of is found again.
const (
	labelSession  = "org.testcontainers.sessionId" // which harness made it
	labelPair     = "cyrdrill.pair"                // the pair's name
	labelServer   = "cyrdrill.server"              // imap1 or imap2
	labelSuite    = "cyrdrill.suite"
	labelInterval = "cyrdrill.interval" // sync_repeat_interval
	labelNetwork  = "cyrdrill.network"  // replication or observers
	labelKeep     = "cyrdrill.keep"     // it stays until it is taken down
	labelReaper   = "cyrdrill.reaper"   // the session that a reaper watches
)

const (
	reaperPort   = 8080
	reaperWithin = 10 * time.Second
)

// theReaper removes what this process leaves behind if it is killed. There is
// one for each process, since it watches a process's life by its connection.
var theReaper reaper

type reaper struct {
	mu   sync.Mutex
	conn net.Conn // held as long as this process lives; nil: not started
}

// ensure starts the reaper unless this process has one that still listens.
func (r *reaper) ensure(ctx context.Context, e *engine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn != nil && stillOpen(r.conn) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, reaperWithin)
	defer cancel()
	id, err := startReaper(ctx, e)
	if err != nil {
		return fmt.Errorf("starting the reaper: %w", err)
	}
	conn, err := watch(ctx, e, id)
	if err != nil {
		_, _ = e.ContainerRemove(context.WithoutCancel(ctx), id, client.ContainerRemoveOptions{Force: true})
		return fmt.Errorf("connecting to the reaper: %w", err)
	}
	r.conn = conn
	return nil
}

// stillOpen says whether the other end has not hung up: it never sends.
func stillOpen(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// engineSocket is the engine's socket as the engine's own machine has it.
func engineSocket() string {
	if path := os.Getenv("TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE"); path != "" {
		return path
	}
	if path, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		return path
	}
	return "/var/run/docker.sock"
}

// startReaper starts a reaper container, which removes itself when it is done.
func startReaper(ctx context.Context, e *engine) (id string, err error) {
	published := e.publish(reaperPort)
	exposed := network.PortSet{}
	for port := range published {
		exposed[port] = struct{}{}
	}
	created, err := e.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{
			Image: docker.ReaperImage, Labels: map[string]string{labelReaper: testcontainers.SessionID()},
			ExposedPorts: exposed,
		},
		HostConfig: &container.HostConfig{
			AutoRemove: true, Binds: []string{engineSocket() + ":/var/run/docker.sock"},
			PortBindings: published,
		},
	})
	if err != nil {
		return "", err
	}
	if _, err := e.ContainerStart(ctx, created.ID, client.ContainerStartOptions{}); err != nil {
		_, _ = e.ContainerRemove(context.WithoutCancel(ctx), created.ID, client.ContainerRemoveOptions{Force: true})
		return "", err
	}
	return created.ID, nil
}

// watch connects to a reaper and tells it what this process's things carry.
func watch(ctx context.Context, e *engine, id string) (net.Conn, error) {
	var conn net.Conn
	err := target.WaitUntil(ctx, realTime{}, reaperWithin, "the reaper to listen", func(ctx context.Context) (bool, string, error) {
		found, err := e.inspect(ctx, id)
		if err != nil {
			return false, "", err
		}
		conn, err = register(ctx, e.published(found, reaperPort))
		return err == nil, fmt.Sprint(err), nil
	})
	return conn, err
}

// register sends the filter and reads that it was understood.
func register(ctx context.Context, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	filter := url.Values{"label": {labelSession + "=" + testcontainers.SessionID()}}.Encode()
	if _, err = fmt.Fprintln(conn, filter); err == nil {
		var answer string
		if answer, err = bufio.NewReader(conn).ReadString('\n'); err == nil && strings.TrimSpace(answer) != "ACK" {
			err = fmt.Errorf("the reaper answered %q", answer)
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, conn.SetDeadline(time.Time{})
}
