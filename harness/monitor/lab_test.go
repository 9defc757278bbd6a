package monitor_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/monitor"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// seen is a server of a lab: asked through its sockets, and its machine looked at.
type seen struct {
	*field.Server
	lab *fieldtest.Lab
}

func (s seen) FilesKnown(context.Context) error { return nil }

func (s seen) Host() target.HostView { return machine{lab: s.lab, name: s.Name()} }

func (s seen) Channels(ctx context.Context) ([]field.Channel, error) {
	log, err := s.Host().SyncLog(ctx)
	return []field.Channel{{Log: log}}, err
}

func (s seen) LoggedSince(ctx context.Context, mark field.LogMark) ([]byte, field.LogMark, error) {
	return nil, mark, nil
}

// machine is the simulator's host view, while nobody else uses the pair.
type machine struct {
	target.HostView // what no check asks for
	lab             *fieldtest.Lab
	name            target.ServerName
}

func look[T any](m machine, ask func(target.HostView) (T, error)) (found T, err error) {
	m.lab.Do(func(p *sim.Pair) { found, err = ask(p.Server(m.name).Host()) })
	return found, err
}

func (m machine) SyncLog(ctx context.Context) (target.SyncLog, error) {
	return look(m, func(h target.HostView) (target.SyncLog, error) { return h.SyncLog(ctx) })
}

func (m machine) Processes(ctx context.Context) ([]target.Process, error) {
	return look(m, func(h target.HostView) ([]target.Process, error) { return h.Processes(ctx) })
}

func (m machine) Syslog(ctx context.Context) ([]byte, error) {
	return look(m, func(h target.HostView) ([]byte, error) { return h.Syslog(ctx) })
}

func (m machine) Machine(ctx context.Context) (target.Machine, error) {
	return look(m, func(h target.HostView) (target.Machine, error) { return h.Machine(ctx) })
}

func (m machine) Databases(ctx context.Context, accounts []string) ([]target.Database, error) {
	return look(m, func(h target.HostView) ([]target.Database, error) { return h.Databases(ctx, accounts) })
}

// site is a lab as a site.
func site(t *testing.T, l *fieldtest.Lab, edits ...string) monitor.Site {
	s := monitor.SiteOf(l.Pair(t, edits...))
	for i, server := range s.Servers {
		s.Servers[i] = seen{server.(*field.Server), l}
	}
	return s
}

// pager remembers what it was told.
type pager struct {
	mu   sync.Mutex
	told []string
}

func (*pager) Name() string { return "pager" }

func (p *pager) Tell(_ context.Context, n monitor.Notice) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, strings.Join([]string{string(n.What), string(n.Kind), string(n.Server)}, " "))
	return nil
}

func (p *pager) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.told...)
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, what, func(context.Context) (bool, string, error) { return holds(), "", nil })
	if err != nil {
		t.Fatal(err)
	}
}

// suspend stops what replicates.
func suspend(t *testing.T, l *fieldtest.Lab) {
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().Suspend(ctx, target.Imap1, "sync_client")
		return err
	})
}

func resume(t *testing.T, l *fieldtest.Lab) {
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().Resume(ctx, target.Imap1, "sync_client")
		return err
	})
}

func kill(t *testing.T, l *fieldtest.Lab, server target.ServerName) {
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().KillServer(ctx, server)
		return err
	})
}

func deliver(t *testing.T, l *fieldtest.Lab, account string) {
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		return p.Serving().User().Deliver(ctx, account, []byte("Subject: x\r\n\r\n"))
	})
}
