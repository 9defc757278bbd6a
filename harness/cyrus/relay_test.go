package cyrus

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What goes through a relay is what was sent, as late and as slowly as its links say.
func TestRelayCarries(t *testing.T) {
	const sent = 3000
	for name, test := range map[string]struct {
		links map[target.ServerName]target.Link
		least time.Duration
	}{
		"as it comes":       {nil, 0},
		"late":              {map[target.ServerName]target.Link{target.Imap1: {Delay: 200 * time.Millisecond}, target.Imap2: {Delay: 400 * time.Millisecond}}, 300 * time.Millisecond},
		"little by little":  {map[target.ServerName]target.Link{target.Imap2: {BytesPerSecond: 10 * sent}}, 100 * time.Millisecond},
		"the narrower link": {map[target.ServerName]target.Link{target.Imap1: {BytesPerSecond: 5 * sent}, target.Imap2: {BytesPerSecond: 50 * sent}}, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			r := &relay{links: test.links}
			in, from := net.Pipe()
			to, out := net.Pipe()
			began := time.Now()
			go func() {
				_, _ = in.Write(make([]byte, sent)) // its reader is this test
				_ = in.Close()
			}()
			go func() {
				r.carry(to, from)
				_ = to.Close()
			}()
			got, err := io.ReadAll(out)
			if err != nil || len(got) != sent {
				t.Fatalf("%d of %d bytes came through: %v", len(got), sent, err)
			}
			if took := time.Since(began); took < test.least {
				t.Errorf("it took %s, and must take %s", took, test.least)
			}
		})
	}
}
