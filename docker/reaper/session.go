package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"
)

// filter is the labels of one line, each as "name=value": what belongs to the
// line carries all of them.
type filter []string

// event is what happens on harnesses' connections: one has come, one has gone,
// or one has said a filter.
type event struct {
	came, gone bool
	filter     filter
}

// gather collects the filters of all harnesses that connect. It returns when
// the last connection has been gone for the time reconnect, or when none has
// come within the time first.
func gather(ctx context.Context, listener net.Listener, first, reconnect time.Duration) ([]filter, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan event)
	failed := make(chan error, 1)
	go func() { failed <- accept(ctx, listener, events) }()

	var filters []filter
	open := 0
	lonely := time.NewTimer(first)
	defer lonely.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-failed:
			return nil, err
		case <-lonely.C:
			return filters, nil
		case e := <-events:
			switch {
			case e.came:
				open++
				lonely.Stop()
			case e.gone:
				open--
				if open == 0 {
					lonely.Reset(reconnect)
				}
			default:
				filters = append(filters, e.filter)
			}
		}
	}
}

// accept announces each connection before it is read, so that a harness is
// never taken for gone while it is coming.
func accept(ctx context.Context, listener net.Listener, events chan<- event) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("accepting a harness: %w", err)
		}
		if !send(ctx, events, event{came: true}) {
			conn.Close()
			return ctx.Err()
		}
		go func() {
			defer send(ctx, events, event{gone: true})
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			listen(ctx, conn, events)
		}()
	}
}

// listen reads one harness's lines until it goes. A filter has been taken
// before it is acknowledged. A line that cannot be understood ends the
// connection without ACK: to prune by half a filter would remove what belongs
// to others.
func listen(ctx context.Context, conn io.ReadWriter, events chan<- event) {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		f, err := parseFilter(lines.Text())
		if err != nil || !send(ctx, events, event{filter: f}) {
			return
		}
		if _, err := io.WriteString(conn, "ACK\n"); err != nil {
			return
		}
	}
}

// send delivers the event unless nobody listens any more.
func send(ctx context.Context, events chan<- event, e event) bool {
	select {
	case events <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// parseFilter reads a line as "label=a%3Db&label=c%3Dd". It takes labels alone,
// and at least one: a filter of none would match everything on the engine.
func parseFilter(line string) (filter, error) {
	values, err := url.ParseQuery(line)
	if err != nil {
		return nil, fmt.Errorf("reading the filter %q: %w", line, err)
	}
	for name := range values {
		if name != "label" {
			return nil, fmt.Errorf("reading the filter %q: unknown %q", line, name)
		}
	}
	labels := filter(values["label"])
	if len(labels) == 0 {
		return nil, fmt.Errorf("reading the filter %q: no label", line)
	}
	for _, label := range labels {
		if label == "" {
			return nil, fmt.Errorf("reading the filter %q: empty label", line)
		}
	}
	return labels, nil
}
