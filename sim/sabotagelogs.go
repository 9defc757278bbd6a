package sim

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// readEntry makes an entry of a line of the log, whatever that says.
func readEntry(line string) logEntry {
	e := logEntry{text: line}
	for i, word := range strings.Fields(line) {
		switch i {
		case 0:
			e.kind = word
		case 1:
			e.first = word
		case 2:
			e.second = word
		}
	}
	return e
}

// cut keeps the first half of the log's bytes. The next line is written to the end
// of what is left, also where that is half a line.
func (f *logFile) cut() {
	var text strings.Builder
	for _, e := range f.entries {
		text.WriteString(e.String() + "\n")
	}
	kept := text.String()[:text.Len()/2]
	f.entries, f.shown, f.bytes, f.broken = nil, nil, int64(len(kept)), kept != "" && !strings.HasSuffix(kept, "\n")
	for line := range strings.Lines(kept) {
		f.entries = append(f.entries, readEntry(strings.TrimSuffix(line, "\n")))
	}
}

// CutSyncLog implements [target.LogSaboteur].
func (b saboteur) CutSyncLog(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	log := &b.pair.server(name).disk.log
	return b.damage(ctx, name, "bytes of the sync log of "+string(name), "the sync log was cut off in its middle",
		func() string { return fmt.Sprint(log.bytes) },
		func() error {
			log.cut()
			return nil
		})
}

// AddLogLine implements [target.LogSaboteur].
func (b saboteur) AddLogLine(ctx context.Context, name target.ServerName, line string) (target.Evidence, error) {
	s := b.pair.server(name)
	return b.damage(ctx, name, "bytes of the sync log of "+string(name), fmt.Sprintf("the line %q was put into the sync log", line),
		func() string { return fmt.Sprint(s.disk.log.bytes) },
		func() error {
			s.disk.log.append(s.clock(), readEntry(line))
			if s.client != nil {
				s.client.wake()
			}
			return nil
		})
}
