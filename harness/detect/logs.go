package detect

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// inLogs returns what find makes of that which each server has logged since the pair was
// made or reset: a detector has no memory of what it has told already.
func (s Scene) inLogs(ctx context.Context, detector string, find func(target.ServerName, []byte) []Finding) ([]Finding, error) {
	servers, err := s.servers()
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, server := range servers {
		text, err := server.Host().Syslog(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading what %s has logged: %w", server.Name(), err)
		}
		found = append(found, find(server.Name(), text)...)
	}
	return s.sign(detector, found), nil
}

// logLines yields a log's lines, without what ends them.
func logLines(log []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(string(log)) {
			if !yield(strings.TrimRight(line, "\r\n")) {
				return
			}
		}
	}
}
