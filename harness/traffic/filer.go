package traffic

import (
	"context"
	"fmt"
	"strings"

	"github.com/foxcpp/go-sieve"
	"github.com/foxcpp/go-sieve/interp"

	"github.com/cyrdrill/cyrdrill/harness/target/rfc5322"
)

// Filer runs users' scripts on messages, apart from any server. It reads each
// script once, and is not safe for concurrent use.
type Filer struct {
	scripts map[string]*sieve.Script // by source
}

// NewFiler returns a filer that has read no script yet.
func NewFiler() *Filer { return &Filer{scripts: map[string]*sieve.Script{}} }

// FileInto runs a script on a message and returns the mailbox into which it goes.
// No script at all files everything into the INBOX.
func (f *Filer) FileInto(ctx context.Context, source string, message []byte) (string, error) {
	if source == "" {
		return Inbox, nil
	}
	script, read := f.scripts[source]
	if !read {
		var err error
		if script, err = sieve.Load(strings.NewReader(source), sieve.DefaultOptions()); err != nil {
			return "", fmt.Errorf("reading the script: %w", err)
		}
		f.scripts[source] = script
	}
	run := sieve.NewRuntimeData(script, interp.DummyPolicy{}, interp.EnvelopeStatic{}, rfc5322.Message(message))
	if err := script.Execute(ctx, run); err != nil {
		return "", fmt.Errorf("running the script: %w", err)
	}
	if len(run.Mailboxes) == 0 {
		return Inbox, nil
	}
	return run.Mailboxes[0], nil
}
