package cyrus

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

var _ target.PortSaboteur = saboteur{}

//go:embed garble.sh
var garbleScript string

// Garble implements [target.PortSaboteur].
func (b saboteur) Garble(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.answerAt(ctx, name, "on", "the port of sync_server was given to something of no meaning")
}

// Ungarble implements [target.PortSaboteur].
func (b saboteur) Ungarble(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.answerAt(ctx, name, "off", "the port of sync_server was given back")
}

// Garbled implements [target.PortSaboteur].
func (b saboteur) Garbled(_ context.Context, name target.ServerName) (bool, error) {
	garbled, _ := b.pair.server(name).sabotaged()
	return garbled, nil
}

func (b saboteur) answerAt(ctx context.Context, name target.ServerName, how, done string) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("changing what answers at the port of replication of %s: %w", name, err)
	}
	before, err := s.firstWords(ctx)
	if err != nil {
		return fail(err)
	}
	if said, err := s.pair.engine.exec(ctx, s.id, "", "sh", "-uc", garbleScript, "garble.sh", how); err != nil {
		return fail(fmt.Errorf("%q: %w", said, err))
	}
	s.setGarbled(how == "on")
	after := ""
	err = target.WaitUntil(ctx, realTime{}, callWithin, "an answer at the port", func(ctx context.Context) (bool, string, error) {
		after, err = s.firstWords(ctx)
		return err == nil, fmt.Sprint(err), nil
	})
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s on %s", done, name),
		Facts:   []target.Fact{{What: "first words at the port of replication of " + string(name), Before: before, After: after}},
	}, nil
}

// firstWords returns the beginning of what a client is told at the port of replication.
func (s *server) firstWords(ctx context.Context) (string, error) {
	conn, err := s.Dial(ctx, view.Sync)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(callWithin))
	words := make([]byte, 12)
	n, err := conn.Read(words)
	if err != nil {
		return "", fmt.Errorf("reading what is said at the port of replication: %w", err)
	}
	return fmt.Sprintf("%q", words[:n]), nil
}
