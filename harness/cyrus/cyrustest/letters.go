package cyrustest

import (
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Letters returns n messages of about so many bytes each, no two alike, a second apart.
func Letters(account string, n, bytes int) []target.AppendMessage {
	const line = "All work and no play makes a dull benchmark.\r\n"
	const head = 100 // bytes, about
	filler := strings.Repeat(line, max(1, (bytes-head)/len(line)))
	messages := make([]target.AppendMessage, n)
	for i := range messages {
		messages[i] = target.AppendMessage{
			InternalDate: time.Unix(1_700_000_000+int64(i), 0),
			Body:         fmt.Appendf(nil, "Subject: letter %d\r\nMessage-ID: <%d@%s.example.org>\r\n\r\n%s", i, i, account, filler),
		}
	}
	return messages
}
