package hostview

import (
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// LogFile returns what a file of the sync log holds.
func LogFile(content []byte, modified time.Time) target.LogFile {
	log := target.LogFile{Bytes: int64(len(content)), Modified: modified}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			log.Entries = append(log.Entries, line)
		}
	}
	return log
}
