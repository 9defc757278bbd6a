package sim

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

var _ target.SyncSaboteur = saboteur{}

// Mislead implements [target.SyncSaboteur].
func (b saboteur) Mislead(ctx context.Context, name target.ServerName, told target.Hearsay) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("misleading %s: %w", name, err)
	}
	if err := b.pair.takes(ctx, execTime); err != nil {
		return fail(err)
	}
	session, err := b.pair.NewSyncSession(name)
	if err != nil {
		return fail(err)
	}
	evidence, err := told.Tell(ctx, syncLine{session})
	if err != nil {
		return fail(err)
	}
	evidence.Summary += " to " + string(name)
	b.pair.tracef("%s", evidence.Summary)
	return evidence, nil
}

// syncLine is a conversation with a server's sync_server as others see it.
type syncLine struct{ session *SyncSession }

// Get implements [target.SyncLine].
func (l syncLine) Get(_ context.Context, what dlist.Value) ([]dlist.Value, error) {
	answer, err := l.session.Get(what)
	return answer.Lines, asked("GET "+what.Key, answer, err)
}

// Apply implements [target.SyncLine]. What sync_server dies of it may have done.
func (l syncLine) Apply(_ context.Context, what dlist.Value) error {
	answer, err := l.session.Apply(what)
	if err == nil && answer.Ended {
		return fmt.Errorf("APPLY %s: no answer but BYE %s", what.Key, answer.LastWords)
	}
	return asked("APPLY "+what.Key, answer, err)
}

// asked turns an answer into what a client makes of it.
func asked(command string, answer SyncAnswer, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", command, err)
	case answer.Ended:
		return &target.RefusedError{Command: command, Status: "BYE", Text: answer.LastWords}
	}
	status, text, _ := strings.Cut(answer.Status, " ")
	if status == "OK" {
		return nil
	}
	refused := &target.RefusedError{Command: command, Status: status, Text: text}
	if code, rest, _ := strings.Cut(text, " "); strings.HasPrefix(code, "IMAP_") {
		refused.Code, refused.Text = code, rest
	}
	return refused
}
