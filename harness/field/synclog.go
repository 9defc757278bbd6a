package field

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed synclog.sh
var syncLogScript string

// Channel is one channel of a server's sync log, and what waits in it.
type Channel struct {
	Name string // in sync_log_channels; empty: the one without a name
	Log  target.SyncLog
	// Age is how long the first of what waits has waited at most, by the server's own
	// clock. 0 where nothing waits, or the file system does not tell when a file was made.
	Age time.Duration
}

// Channels returns the sync log of each channel, the one without a name first.
func (s *Server) Channels(ctx context.Context) ([]Channel, error) {
	h, ok := s.host.(*host)
	if !ok {
		return nil, noHost{s.config.Name}.err()
	}
	return h.channels(ctx)
}

// parseSyncLog reads what synclog.sh says of the folders of these channels.
func parseSyncLog(names []string, said []byte) ([]Channel, error) {
	channels := make([]Channel, len(names))
	for i, name := range names {
		channels[i].Name = name
	}
	first, rest, _ := strings.Cut(string(said), "\n")
	var now int64
	if _, err := fmt.Sscan(first, &now); err != nil {
		return nil, fmt.Errorf("%q is no time: %w", first, err)
	}
	lines := strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		var number int
		var name, made string
		var written int64
		if _, err := fmt.Sscan(lines[i], &number, &name, &written, &made); err != nil || number < 0 || number >= len(channels) {
			return nil, fmt.Errorf("%q is not understood: %w", lines[i], err)
		}
		content, err := base64.StdEncoding.DecodeString(lines[i+1])
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		c := &channels[number]
		file := hostview.LogFile(content, time.Unix(written, 0))
		if name == "log" {
			c.Log.Current = file
		} else {
			c.Log.InWork = file
		}
		if len(file.Entries) > 0 {
			c.Age = max(c.Age, age(now, made))
		}
	}
	return channels, nil
}

// age is how old a file is that was made at a time; 0: nobody knows.
func age(now int64, made string) time.Duration {
	var at int64
	if _, err := fmt.Sscan(made, &at); err != nil || at <= 0 || at > now {
		return 0
	}
	return time.Duration(now-at) * time.Second
}

// allOf takes the channels' logs together.
func allOf(channels []Channel) target.SyncLog {
	var all target.SyncLog
	for _, c := range channels {
		all.Current = together(all.Current, c.Log.Current)
		all.InWork = together(all.InWork, c.Log.InWork)
	}
	return all
}

// together is what two channels' files hold.
func together(a, b target.LogFile) target.LogFile {
	a.Entries = append(a.Entries, b.Entries...)
	a.Bytes += b.Bytes
	if b.Modified.After(a.Modified) {
		a.Modified = b.Modified
	}
	return a
}
