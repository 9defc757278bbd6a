package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// serveWithin bounds how long anybody may take to ask, and to take an answer.
const serveWithin = 10 * time.Second

// Serve answers at /metrics, and at /healthz whether rounds come to their end, until the
// context ends. Within overdue of the beginning, and of each round, the next has to end.
func (m *Metrics) Serve(ctx context.Context, listener net.Listener, overdue time.Duration) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	began := time.Now()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		said, well := health(time.Now(), began, m.lastRound(), overdue)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if !well {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, said)
	})
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: serveWithin, ReadTimeout: serveWithin, WriteTimeout: serveWithin, IdleTimeout: time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), // who asks badly is told so, and nobody else needs be
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving metrics: %w", err)
	case <-ctx.Done():
	}
	err := server.Close()
	if serving := <-ended; !errors.Is(serving, http.ErrServerClosed) {
		err = errors.Join(err, serving)
	}
	return err
}

// health says how long ago the last round ended, and whether that is well.
func health(now, began, last time.Time, overdue time.Duration) (said string, well bool) {
	if last.IsZero() {
		return fmt.Sprintf("no round has ended since the beginning %s ago", now.Sub(began).Round(time.Second)), now.Sub(began) <= overdue
	}
	return fmt.Sprintf("the last round ended %s ago", now.Sub(last).Round(time.Second)), now.Sub(last) <= overdue
}
