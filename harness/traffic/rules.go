package traffic

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"net/textproto"
	"strings"

	"github.com/foxcpp/go-sieve"
	"github.com/foxcpp/go-sieve/interp"
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

// FileInto runs a script on a message, apart from any server, and returns the
// mailbox into which it goes. No script at all files everything into the INBOX.
func FileInto(ctx context.Context, source string, message []byte) (string, error) {
	if source == "" {
		return Inbox, nil
	}
	script, err := sieve.Load(strings.NewReader(source), sieve.DefaultOptions())
	if err != nil {
		return "", fmt.Errorf("reading the script: %w", err)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return "", fmt.Errorf("reading the message's header: %w", err)
	}
	run := sieve.NewRuntimeData(script, interp.DummyPolicy{}, interp.EnvelopeStatic{}, interp.MessageStatic{
		Size: len(message), Header: textproto.MIMEHeader(parsed.Header),
	})
	if err := script.Execute(ctx, run); err != nil {
		return "", fmt.Errorf("running the script: %w", err)
	}
	if len(run.Mailboxes) == 0 {
		return Inbox, nil
	}
	return run.Mailboxes[0], nil
}
