package wire

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// resyncHello is a login to a server that announces QRESYNC.
var resyncHello = wiretest.Lines(imapHello[:4], []string{
	"S: c1 OK [CAPABILITY IMAP4rev1 LITERAL+ ENABLE CONDSTORE QRESYNC] Success (no protection)",
})

var resyncExamine = []string{"C: c2 ENABLE QRESYNC", `C: c3 EXAMINE "INBOX" (QRESYNC (1795475749 10))`, "S: * ENABLED QRESYNC", "S: c2 OK Completed"}

func TestResync(t *testing.T) {
	for name, test := range map[string]struct {
		answer []string
		want   target.Resync
		err    string
	}{
		"as Cyrus says it": {
			answer: []string{
				"S: * 3 EXISTS", "S: * 3 RECENT", `S: * FLAGS (\Answered \Seen $Kw)`, "S: * OK [UNSEEN 2] Ok", "S: * OK [UIDVALIDITY 1795475749] Ok",
				"S: * OK [UIDNEXT 10] Ok", "S: * OK [HIGHESTMODSEQ 18446744073709551615] Ok", "S: * VANISHED (EARLIER) 2:4,7",
				`S: * 1 FETCH (FLAGS (\Seen $Kw) UID 1 MODSEQ (12))`, "S: * 3 FETCH (FLAGS () UID 9 MODSEQ (13))", "S: c3 OK [READ-ONLY] Completed",
			},
			want: target.Resync{
				UIDValidity: 1795475749, HighestModSeq: 18446744073709551615,
				Vanished: []target.UIDRange{{First: 2, Last: 4}, {First: 7, Last: 7}},
				Changed:  []target.Record{{UID: 1, Flags: []string{`\Seen`, "$Kw"}, ModSeq: 12}, {UID: 9, ModSeq: 13}},
			},
		},
		"another UIDVALIDITY": {
			answer: []string{"S: * OK [UIDVALIDITY 5] Ok", "S: * OK [NOMODSEQ] Ok", "S: c3 OK [READ-ONLY] Completed"},
			want:   target.Resync{UIDValidity: 5},
		},
		"no":               {answer: []string{"S: c3 NO Mailbox does not exist"}, err: "EXAMINE INBOX: refused: NO Mailbox does not exist"},
		"no UIDVALIDITY":   {answer: []string{"S: c3 OK [READ-ONLY] Completed"}, err: "EXAMINE INBOX: OK, and no UIDVALIDITY"},
		"no set":           {answer: []string{"S: * VANISHED (EARLIER) 0", "S: c3 OK done"}, err: `UID set "0" is none`},
		"VANISHED of what": {answer: []string{"S: * VANISHED (EARLIER)", "S: c3 OK done"}, err: `VANISHED answer not understood: "(EARLIER)"`},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, err := NewIMAP(t.Context(), wiretest.Talk(t, wiretest.Lines(resyncHello, resyncExamine, test.answer)...), testPeer, testLogin)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Resync(soon(t), "INBOX", target.Known{UIDValidity: 1795475749, ModSeq: 10})
			switch {
			case test.err != "" && (err == nil || err.Error() != test.err):
				t.Errorf("%s: got %v, want %s", name, err, test.err)
			case test.err == "" && (err != nil || !cmp.Equal(test.want, got)):
				t.Errorf("%s: %v\n%s", name, err, cmp.Diff(test.want, got))
			}
			_ = c.Close()
		})
	}
}

// A server that does not announce it is asked for nothing.
func TestResyncWithoutQRESYNC(t *testing.T) {
	withIMAP(t, nil, func(t *testing.T, c *IMAP) {
		_, err := c.Resync(soon(t), "INBOX", target.Known{UIDValidity: 1, ModSeq: 1})
		if got, want := kindOf(err), "refused BAD"; got != want {
			t.Errorf("%s, want %s (%v)", got, want, err)
		}
	})
}
