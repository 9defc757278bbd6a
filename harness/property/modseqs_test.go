package property_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

func TestFlagsThatKeepTheirModSeqAreCaught(t *testing.T) {
	for name, c := range map[string]struct {
		before, now uint64
		uid         uint32
		want        property.Verdict
	}{
		"raised":                       {5, 6, 1, property.Pass},
		"kept":                         {5, 5, 1, property.Fail},
		"lowered":                      {5, 4, 1, property.Fail},
		"another UID by now":           {5, 5, 9, property.Pass},
		"a server that tells none":     {0, 0, 1, property.Pass},
		"not told of the one it is at": {5, 0, 1, property.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			box := intact()
			box.Messages[0].ModSeq = c.now
			box.Counters.UIDValidity = 7
			got := property.IMAPPromises{}.Check(property.Scene{
				Mail:    mail(map[string]*property.ReadMailbox{"INBOX": box}),
				Flagged: []traffic.Entry{{Op: traffic.OpFlag, Account: "alice", Mailbox: "INBOX", Marker: "kept", UID: c.uid, ModSeq: c.before}},
			})
			if got.Verdict != c.want {
				t.Errorf("%s, want %s: %+v", got.Verdict, c.want, got)
			}
		})
	}
}
