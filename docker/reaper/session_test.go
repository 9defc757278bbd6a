package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pipes is a listener whose harnesses connect in memory, so that a test's time
// can be virtual.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// harness is one connection as the harness sees it.
type harness struct {
	net.Conn
	lines *bufio.Reader
}

func (p pipes) connect() harness {
	here, there := net.Pipe()
	p <- there
	return harness{Conn: here, lines: bufio.NewReader(here)}
}

// say sends a line and returns the answer.
func (h harness) say(line string) (string, error) {
	if _, err := io.WriteString(h, line+"\n"); err != nil {
		return "", err
	}
	return h.lines.ReadString('\n')
}

// gathering is a gather that runs, and what it has returned.
type gathering struct {
	pipes   pipes
	done    bool
	filters []filter
	err     error
	since   time.Time
	ended   time.Duration
}

func startGather(ctx context.Context, t *testing.T) *gathering {
	t.Helper()
	g := &gathering{pipes: make(pipes), since: time.Now()}
	t.Cleanup(func() { g.pipes.Close() })
	go func() {
		g.filters, g.err = gather(ctx, g.pipes, time.Minute, 10*time.Second)
		g.ended, g.done = time.Since(g.since), true
	}()
	return g
}

func mustAck(t *testing.T, h harness, line string) {
	t.Helper()
	if answer, err := h.say(line); err != nil || answer != "ACK\n" {
		t.Fatalf("%q was answered %q, %v; want ACK", line, answer, err)
	}
}

func TestGatherGivesUpOnAFirstHarness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := startGather(t.Context(), t)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if !g.done || g.err != nil || len(g.filters) != 0 || g.ended != time.Minute {
			t.Errorf("gather: done %v after %v, filters %v, error %v; want done after 1m, none, none",
				g.done, g.ended, g.filters, g.err)
		}
	})
}

func TestGatherWaitsForTheLastHarness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := startGather(t.Context(), t)
		one, two := g.pipes.connect(), g.pipes.connect()
		mustAck(t, one, "label=session%3D1&label=cyrdrill%3Dpair")
		mustAck(t, two, "label=session%3D2")
		time.Sleep(time.Hour) // longer than the wait for the first
		one.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if g.done {
			t.Fatalf("gather ended after %v while a harness was connected", g.ended)
		}
		two.Close()
		time.Sleep(9 * time.Second)
		again := g.pipes.connect() // back in time
		time.Sleep(time.Hour)
		synctest.Wait()
		if g.done {
			t.Fatalf("gather ended after %v although a harness came back in time", g.ended)
		}
		again.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []filter{{"session=1", "cyrdrill=pair"}, {"session=2"}}
		if diff := cmp.Diff(want, g.filters); diff != "" || !g.done || g.err != nil {
			t.Errorf("gather: done %v, error %v, filters (-want +got):\n%s", g.done, g.err, diff)
		}
		if want := 3*time.Hour + 19*time.Second; g.ended != want {
			t.Errorf("gather ended after %v, want %v: 10 s after the last harness", g.ended, want)
		}
	})
}

func TestGatherRefusesAFilterOfNothing(t *testing.T) {
	for name, line := range map[string]string{
		"empty line":      "",
		"empty label":     "label=",
		"one of two":      "label=a%3Db&label=",
		"other filter":    "label=a%3Db&name=x",
		"broken escaping": "label=a%3",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := startGather(t.Context(), t)
				h := g.pipes.connect()
				if answer, err := h.say(line); !errors.Is(err, io.EOF) {
					t.Errorf("%q was answered %q, %v; want a closed connection", line, answer, err)
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if !g.done || len(g.filters) != 0 {
					t.Errorf("gather: done %v, filters %v; want done, none", g.done, g.filters)
				}
			})
		})
	}
}

func TestGatherEndsWhenTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := startGather(ctx, t)
		h := g.pipes.connect()
		mustAck(t, h, "label=session%3D1")
		cancel()
		synctest.Wait()
		if !g.done || !errors.Is(g.err, context.Canceled) || g.filters != nil {
			t.Errorf("gather: done %v, filters %v, error %v; want canceled and nothing to remove",
				g.done, g.filters, g.err)
		}
		if _, err := h.lines.ReadByte(); err == nil {
			t.Error("the harness's connection is still open")
		}
	})
}
