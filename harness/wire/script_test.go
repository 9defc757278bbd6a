package wire

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

var (
	testPeer  = Peer{Server: target.Imap1, Service: "imap"}
	testLogin = Login{Admin: "admin", Password: "secret", Account: "alice"}
)

var imapHello = []string{
	"S: * OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE AUTH=PLAIN SASL-IR] imap1 Cyrus IMAP 3.6.1-Debian-3.6.1-4+deb12u5 server ready",
	"C: c1 AUTHENTICATE PLAIN",
	"S: + ",
	"C: YWxpY2UAYWRtaW4Ac2VjcmV0",
	"S: c1 OK [CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS DIGEST=SHA1] Success (no protection) SESSIONID=<cyrus-1>",
}

// withIMAP runs test on a connection that has logged in and meets the rest of
// the conversation, in virtual time.
func withIMAP(t *testing.T, conversation []string, test func(t *testing.T, c *IMAP)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := NewIMAP(t.Context(), wiretest.Talk(t, wiretest.Lines(imapHello, conversation)...), testPeer, testLogin)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // so that what the server says unasked has been heard
		test(t, c)
		_ = c.Close()
	})
}

// soon is a context that ends, in virtual time, long after every answer.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
