package traffic

import (
	"fmt"
	"strings"
)

// TopicField is the header field by which users' rules file mail.
const TopicField = "X-Cyrdrill-Topic"

// Script writes a sieve script (RFC 5228) that files each topic's mail into a
// mailbox; all other mail is kept in the INBOX. The version makes two scripts
// that do the same differ.
func Script(version int, filing map[string]string, topics []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# rules, version %d\r\nrequire [\"fileinto\"];\r\n", version)
	for _, topic := range topics {
		if mailbox, ok := filing[topic]; ok {
			fmt.Fprintf(&b, "if header :is %q %q {\r\n  fileinto %q;\r\n  stop;\r\n}\r\n", TopicField, topic, mailbox)
		}
	}
	return b.String()
}
