// Command cyrdrill drills Cyrus IMAP replication: it breaks a pair of servers
// on purpose, lets detectors find the damage and restorers mend it, and proves
// from the users' point of view whether anything acknowledged was lost. See
// README.md, or:
//
//	cyrdrill --help
//	cyrdrill run unreplicated-mail
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the default is restored: a second one ends a
	// clean-up that hangs.
	context.AfterFunc(ctx, stop)
	status := execute(ctx, os.Args[1:], streams{
		program: os.Args[0], in: os.Stdin, out: os.Stdout, err: os.Stderr,
		inTerminal: term.IsTerminal(int(os.Stdin.Fd())), outTerminal: isTerminal(os.Stdout), errTerminal: isTerminal(os.Stderr),
	})
	os.Exit(status)
}

// isTerminal says whether f is a terminal that can show colour.
func isTerminal(f *os.File) bool {
	_, plain := os.LookupEnv("NO_COLOR")
	return !plain && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}
