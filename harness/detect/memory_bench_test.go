package detect_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/gauge"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/sim"
)

// millionMessages are in the mailbox of [syncTalk].
const millionMessages = 1_000_000

// BenchmarkMemory compares two mailboxes of a million messages each, which somebody who
// speaks as sync_server does makes up as they are asked for: to fill real ones would take
// too long for a benchmark. Three messages differ, the first, one in the middle and the
// last, so a comparison that does not come to the end fails.
//
// peak-MiB is the most memory that Go's runtime had of the system meanwhile, looked at
// every 5 ms: heap, stacks, what the collector needs and what it has not given back, of
// both sides' views, of the comparison and of those who make the mailboxes up. max-RSS-MiB
// is what the kernel counts for the whole process since it began, its program's text
// included: run this benchmark alone to have it of this one.
func BenchmarkMemory(b *testing.B) {
	pair, err := sim.New().NewPair(b.Context(), target.Spec{Accounts: []string{"alice"}})
	must(b, err)
	var sides []detect.Side
	for _, name := range []target.ServerName{target.Imap1, target.Imap2} {
		talk := syncTalk{flagged: name == target.Imap1}
		sides = append(sides, detect.LiveSide(large{name: name, index: view.New(name, talk, view.Credentials{}).Index()}))
	}
	// Without a master nothing is waited for, and there is one look.
	scene := detect.Scene{Clock: pair.Clock(), Executor: pair.Executor(), Accounts: []string{"alice"}, Sides: sides}
	var most uint64
	for b.Loop() {
		peak := gauge.WatchMemory()
		found, err := detect.IndexCompare{}.Detect(b.Context(), scene)
		must(b, err)
		most = max(most, peak())
		var uids []uint32
		for _, f := range found {
			uids = append(uids, f.UID)
		}
		if !slices.Equal(uids, flaggedUIDs()) {
			b.Fatal(brief(found))
		}
	}
	b.ReportMetric(float64(most)/(1<<20), "peak-MiB")
	resident, err := gauge.MaxRSS()
	must(b, err)
	b.ReportMetric(float64(resident)/(1<<20), "max-RSS-MiB")
}

// flaggedUIDs are the messages that are flagged on one side alone.
func flaggedUIDs() []uint32 { return []uint32{1, millionMessages / 2, millionMessages} }

// large is a server of which there is an index view alone.
type large struct {
	target.Server
	name  target.ServerName
	index target.IndexView
}

func (s large) Name() target.ServerName { return s.name }

func (s large) Index() target.IndexView { return s.index }

// syncTalk speaks as a sync_server does that has one account with one large mailbox.
type syncTalk struct{ flagged bool }

// Dial implements [view.Dialer].
func (t syncTalk) Dial(context.Context, view.Service) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		in, out := bufio.NewScanner(server), bufio.NewWriterSize(server, 64<<10)
		fmt.Fprint(out, "* SASL PLAIN\r\n* OK imap Cyrus sync server\r\n")
		for out.Flush() == nil && in.Scan() {
			t.answer(out, in.Text())
			fmt.Fprint(out, "OK success\r\n")
		}
	}()
	return client, nil
}

// answer tells of the mailbox, whoever asks for it and how.
func (t syncTalk) answer(out io.Writer, question string) {
	what, _, _ := strings.Cut(strings.TrimPrefix(question, "GET "), " ")
	if what != "USER" && what != "MAILBOXES" && what != "FULLMAILBOX" {
		return
	}
	fmt.Fprintf(out, "* MAILBOX %%(UNIQUEID u1 MBOXNAME user.alice SYNC_CRC 1 LAST_UID %d HIGHESTMODSEQ %d UIDVALIDITY 1 ACL \"alice\tlrswipkxtecdan\t\"", millionMessages, millionMessages)
	if what == "FULLMAILBOX" {
		fmt.Fprint(out, " RECORD (")
		for uid := uint32(1); uid <= millionMessages; uid++ {
			flags := `\Seen`
			if t.flagged && slices.Contains(flaggedUIDs(), uid) {
				flags += ` \Flagged`
			}
			const own = "/vendor/cmu/cyrus-imapd/"
			fmt.Fprintf(out, "%%(UID %d MODSEQ %d LAST_UPDATED 1795475748 FLAGS (%s) INTERNALDATE 1767600000 SIZE 1043 GUID %040x ANNOTATIONS ("+
				"%%(ENTRY "+own+"thrid USERID \"\" MODSEQ 0 VALUE 6c006794ff0207a0) %%(ENTRY "+own+"savedate USERID \"\" MODSEQ 0 VALUE 1795475748) "+
				"%%(ENTRY "+own+"createdmodseq USERID \"\" MODSEQ 0 VALUE %d))) ", uid, uid, flags, uid, uid)
		}
		fmt.Fprint(out, ")")
	}
	fmt.Fprint(out, ")\r\n")
}
