package field

import (
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

// parseSyncLog reads what synclog.sh says.
func parseSyncLog(said []byte) (target.SyncLog, error) {
	var log target.SyncLog
	lines := strings.Split(strings.TrimSuffix(string(said), "\n"), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		var name string
		var written int64
		if _, err := fmt.Sscan(lines[i], &name, &written); err != nil {
			return log, fmt.Errorf("%q is not understood: %w", lines[i], err)
		}
		content, err := base64.StdEncoding.DecodeString(lines[i+1])
		if err != nil {
			return log, fmt.Errorf("reading %s: %w", name, err)
		}
		file := hostview.LogFile(content, time.Unix(written, 0))
		if name == "log" {
			log.Current = together(log.Current, file)
		} else {
			log.InWork = together(log.InWork, file)
		}
	}
	return log, nil
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
