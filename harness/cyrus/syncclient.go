package cyrus

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What timeout(1) ends with where it had to end the command, or to kill it.
const timedOut, killed = 124, 137

// SyncUser implements [target.Operator].
func (o operator) SyncUser(ctx context.Context, name target.ServerName, account string) (int, error) {
	return o.pair.server(name).syncClient(ctx, "-u", account)
}

// syncClient runs sync_client by hand, as long as [target.SyncWithin], and
// returns what it ended with.
func (s *server) syncClient(ctx context.Context, arguments ...string) (int, error) {
	up, err := s.running(ctx)
	if err != nil {
		return 0, err
	}
	if !up {
		return 0, fmt.Errorf("running sync_client %q on %s: it is down", arguments, s.name)
	}
	seconds := strconv.Itoa(int(target.SyncWithin.Seconds()))
	command := s.toolCommand("timeout", append([]string{"--kill-after=2", seconds, "/usr/lib/cyrus/bin/sync_client"}, arguments...)...)
	_, err = s.pair.engine.execWithin(ctx, target.SyncWithin+callWithin, s.id, "cyrus", command...)
	var ended *exitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &ended) && (ended.status == timedOut || ended.status == killed):
		return 0, &target.TimeoutError{What: fmt.Sprintf("sync_client %q on %s", arguments, s.name), Within: target.SyncWithin, Last: ended.complaint}
	case errors.As(err, &ended):
		return ended.status, nil
	default:
		return 0, fmt.Errorf("running sync_client %q on %s: %w", arguments, s.name, err)
	}
}
