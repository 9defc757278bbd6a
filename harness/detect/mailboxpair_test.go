package detect

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Of two messages under one UID, the one that the side believed right has is the one
// that is missing on the other.
func TestOfTwoMessagesUnderOneUIDTheRightOneIsNamed(t *testing.T) {
	a, b := target.Record{UID: 69, GUID: "aa"}, target.Record{UID: 69, GUID: "bb"}
	for master, want := range map[target.ServerName]struct {
		guid  string
		wrong target.ServerName
	}{target.Imap1: {"aa", target.Imap2}, target.Imap2: {"bb", target.Imap1}} {
		p := mailboxPair{servers: [2]target.ServerName{target.Imap1, target.Imap2}, master: master}
		found := p.onBoth(a, b)
		if len(found) != 1 || found[0].GUID != want.guid || found[0].Server != want.wrong || found[0].Right != master {
			t.Errorf("%s was master: found %+v", master, found)
		}
	}
}
