package field

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed logtail.sh
var logTailScript string

// LogMark is how far a server's log has been read. The zero value: not at all.
type LogMark struct {
	file string // its number; empty: it has not been looked at
	size int64
}

// mostLogged bounds what is read at a time of a log that is being flooded: its end.
const mostLogged = 16 << 20

// LoggedSince returns what a server has logged since an earlier look, and the mark for the
// next. The first look, by the zero mark, returns nothing: what was logged before nobody
// asked for. A log that was put aside since is read from the beginning of the new one.
func (s *Server) LoggedSince(ctx context.Context, mark LogMark) ([]byte, LogMark, error) {
	h, ok := s.host.(*host)
	if !ok {
		return nil, mark, noHost{s.config.Name}.err()
	}
	return h.loggedSince(ctx, mark)
}

func (h *host) loggedSince(ctx context.Context, mark LogMark) ([]byte, LogMark, error) {
	if h.paths.Syslog == "" {
		return nil, mark, h.noSyslog()
	}
	from := "-"
	if mark.file != "" {
		from = strconv.FormatInt(mark.size, 10)
	}
	said, err := h.shell.exec(ctx, []string{"sh", "-c", logTailScript, "log-tail", h.paths.Syslog, cmp.Or(mark.file, "-"), from, strconv.Itoa(mostLogged)})
	if err != nil {
		return nil, mark, h.failed("reading the log", err)
	}
	first, added, _ := bytes.Cut(said, []byte("\n"))
	var now LogMark
	if _, err := fmt.Sscan(string(first), &now.file, &now.size); err != nil {
		return nil, mark, h.failed("reading the log", fmt.Errorf("%q is not understood: %w", first, err))
	}
	return added, now, nil
}

func (h *host) noSyslog() error {
	return &target.UnsupportedError{Target: string(h.name), What: "view of its log", Why: "its configuration has no paths.syslog"}
}

// LogsKnown says whether what the server logs can be read.
func (s *Server) LogsKnown() error {
	h, ok := s.host.(*host)
	switch {
	case !ok:
		return noHost{s.config.Name}.err()
	case h.paths.Syslog == "":
		return h.noSyslog()
	}
	return nil
}
