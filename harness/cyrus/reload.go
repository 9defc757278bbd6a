package cyrus

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const hangingUp = `for f in /proc/[0-9]*; do read -r n 2>/dev/null <"$f/comm" && [ "$n" = master ] && kill -HUP "${f#/proc/}"; done; true`

// Reload implements [target.LogOperator]. Where sync_client is in the configuration,
// it is waited for.
func (o operator) Reload(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	fail := func(err error) error { return fmt.Errorf("letting %s read its configuration again: %w", name, err) }
	if _, err := s.pair.engine.exec(ctx, s.id, "", "sh", "-c", hangingUp); err != nil {
		return fail(err)
	}
	services, err := s.contents(ctx, "/etc/cyrus.conf")
	if err != nil {
		return fail(err)
	}
	if !strings.Contains(string(services), "sync_client") {
		return nil
	}
	err = target.WaitUntil(ctx, realTime{}, callWithin, "sync_client to run", func(ctx context.Context) (bool, string, error) {
		runs, err := s.has(ctx, "sync_client")
		return runs, "it does not", err
	})
	if err != nil {
		return fail(err)
	}
	return nil
}
