package monitor

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

const (
	// logMemory is how long what was logged counts: nothing says in a log that trouble is over.
	logMemory = time.Hour
	// mostKept bounds what is kept of a log.
	mostKept = 16 << 20
)

// logs keeps what a server has logged during the last while. A detector has no memory, and
// would tell for ever of what stands in a log.
type logs struct {
	mark  field.LogMark
	parts []logPart
}

type logPart struct {
	at   time.Time
	text []byte
}

// follow takes in what was logged since the last look.
func (l *logs) follow(ctx context.Context, now time.Time, server Server) error {
	added, mark, err := server.LoggedSince(ctx, l.mark)
	if err != nil {
		return err
	}
	l.mark = mark
	l.add(now, added)
	return nil
}

func (l *logs) add(now time.Time, text []byte) {
	if len(text) > 0 {
		l.parts = append(l.parts, logPart{now, text})
	}
	size := 0
	for _, p := range l.parts {
		size += len(p.text)
	}
	l.parts = slices.DeleteFunc(l.parts, func(p logPart) bool {
		old := now.Sub(p.at) >= logMemory || size > mostKept && !p.at.Equal(now)
		if old {
			size -= len(p.text)
		}
		return old
	})
}

// text is what is kept, oldest first.
func (l *logs) text() []byte {
	all := make([][]byte, len(l.parts))
	for i, p := range l.parts {
		all[i] = p.text
	}
	return bytes.Join(all, nil)
}

// logged is a server whose log is what is kept of it.
type logged struct {
	target.Server
	text []byte
}

// Host implements [target.Server].
func (s logged) Host() target.HostView { return loggedHost{s.Server.Host(), s.text} }

type loggedHost struct {
	target.HostView
	text []byte
}

// Syslog implements [target.HostView].
func (h loggedHost) Syslog(context.Context) ([]byte, error) { return h.text, nil }
