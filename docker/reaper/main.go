// The reaper removes what a harness has left on a Docker engine when it died
// without tidying up, by SIGKILL say. It runs in a container of its own, with
// the engine's socket mounted, and speaks the small protocol of
// testcontainers' Ryuk:
//
//   - It listens on TCP port 8080 and prints "Started".
//   - A harness connects, says in lines "label=a%3Db&label=c%3Dd" which labels
//     its things carry, and is answered "ACK" for each line. A thing belongs to
//     a line if it carries all the line's labels.
//   - The harness keeps the connection for as long as it lives.
//   - When the last connection has been gone for 10 s (-reconnect), containers,
//     networks and volumes that belong to any line are removed, and the reaper
//     ends. It also ends, and removes nothing, where no harness connects within
//     60 s (-first), and on SIGTERM.
//
// A thing with the label cyrdrill.keep is never removed.
//
// docker/build.sh makes its image. Its tests need no Docker:
//
//	go test ./docker/reaper
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// config is what the command line says.
type config struct {
	listen, socket   string
	first, reconnect time.Duration
	prune            time.Duration
}

func main() {
	var c config
	flag.StringVar(&c.listen, "listen", ":8080", "where harnesses connect")
	flag.StringVar(&c.socket, "socket", "/var/run/docker.sock", "the engine's socket")
	flag.DurationVar(&c.first, "first", time.Minute, "how long to wait for the first harness")
	flag.DurationVar(&c.reconnect, "reconnect", 10*time.Second, "how long the last harness may be gone")
	flag.DurationVar(&c.prune, "prune", time.Minute, "how long removing may take in all")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "reaper:", err)
		os.Exit(1)
	}
}

// run listens, waits until all harnesses are gone, and removes what they left.
func run(ctx context.Context, c config, out io.Writer) error {
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		return fmt.Errorf("listening for harnesses: %w", err)
	}
	defer listener.Close()
	fmt.Fprintln(out, "Started")

	filters, err := gather(ctx, listener, c.first, c.reconnect)
	if errors.Is(err, context.Canceled) {
		return nil // told to end; whoever told it tidies up
	}
	if err != nil {
		return err
	}
	pruning, cancel := context.WithTimeout(ctx, c.prune)
	defer cancel()
	// The host name of a container is the beginning of its id.
	self, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("finding out the reaper's own container: %w", err)
	}
	removed, err := newEngine(c.socket).prune(pruning, filters, self)
	fmt.Fprintf(out, "Removed %d\n", removed)
	return err
}
