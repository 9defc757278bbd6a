package dlist

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParseLine reads what GET FULLMAILBOX says of 10,000 messages.
func BenchmarkParseLine(b *testing.B) {
	var line strings.Builder
	line.WriteString("MAILBOX %(UNIQUEID bmbmf2xisllq1at2puavhcf5 MBOXNAME user.alice LAST_UID 10000 HIGHESTMODSEQ 10001 RECORD (")
	for uid := range 10_000 {
		fmt.Fprintf(&line, "%%(UID %d MODSEQ %d LAST_UPDATED 1795475748 FLAGS (\\Seen $Kw) INTERNALDATE 1767600000 SIZE 1043 GUID %040x ANNOTATIONS ("+
			"%%(ENTRY /vendor/cmu/cyrus-imapd/thrid USERID \"\" MODSEQ 0 VALUE 6c006794ff0207a0) "+
			"%%(ENTRY /vendor/cmu/cyrus-imapd/savedate USERID \"\" MODSEQ 0 VALUE 1795475748) "+
			"%%(ENTRY /vendor/cmu/cyrus-imapd/createdmodseq USERID \"\" MODSEQ 0 VALUE 12))) ", uid+1, uid+2, uid)
	}
	line.WriteString("))")
	text := []byte(line.String())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseLine(text); err != nil {
			b.Fatal(err)
		}
	}
}
