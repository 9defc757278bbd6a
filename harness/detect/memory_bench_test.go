package detect_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/sim"
)

// millionMessages are in the mailbox of [syncTalk].
const millionMessages = 1_000_000

// BenchmarkMemory compares two mailboxes of a million messages each, which somebody who
// speaks as sync_server does makes up as they are asked for, and reports the most memory
// that the process had meanwhile. To fill real ones would take too long for a benchmark.
func BenchmarkMemory(b *testing.B) {
	pair, err := sim.New().NewPair(b.Context(), target.Spec{Accounts: []string{"alice"}})
	must(b, err)
	var sides []detect.Side
	for _, name := range []target.ServerName{target.Imap1, target.Imap2} {
		sides = append(sides, detect.LiveSide(large{name: name, index: view.New(name, syncTalk{}, view.Credentials{}).Index()}))
	}
	scene := detect.Scene{Clock: pair.Clock(), Executor: pair.Executor(), Accounts: []string{"alice"}, Master: target.Imap1, Sides: sides}
	for b.Loop() {
		peak := watchMemory()
		if found, err := (detect.IndexCompare{}).Detect(b.Context(), scene); err != nil || len(found) > 0 {
			b.Fatal(len(found), err)
		}
		b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
	}
}

// watchMemory begins to watch what the process has of the system's memory, and returns
// what ends it and tells the most that was seen.
func watchMemory() (peak func() uint64) {
	runtime.GC()
	ended := make(chan struct{})
	var most uint64
	var watching sync.WaitGroup
	watching.Go(func() {
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		every := time.NewTicker(5 * time.Millisecond)
		defer every.Stop()
		for {
			metrics.Read(samples)
			most = max(most, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-ended:
				return
			case <-every.C:
			}
		}
	})
	return func() uint64 {
		close(ended)
		watching.Wait()
		return most
	}
}

// large is a server of which there is an index view alone.
type large struct {
	target.Server
	name  target.ServerName
	index target.IndexView
}

func (s large) Name() target.ServerName { return s.name }

func (s large) Index() target.IndexView { return s.index }

// syncTalk speaks as a sync_server does that has one account with one large mailbox.
type syncTalk struct{}

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
func (syncTalk) answer(out io.Writer, question string) {
	what, _, _ := strings.Cut(strings.TrimPrefix(question, "GET "), " ")
	if what != "USER" && what != "MAILBOXES" && what != "FULLMAILBOX" {
		return
	}
	fmt.Fprintf(out, "* MAILBOX %%(UNIQUEID u1 MBOXNAME user.alice SYNC_CRC 1 LAST_UID %d HIGHESTMODSEQ %d UIDVALIDITY 1 ACL \"alice\tlrswipkxtecdan\t\"", millionMessages, millionMessages)
	if what == "FULLMAILBOX" {
		fmt.Fprint(out, " RECORD (")
		for uid := 1; uid <= millionMessages; uid++ {
			const own = "/vendor/cmu/cyrus-imapd/"
			fmt.Fprintf(out, "%%(UID %d MODSEQ %d LAST_UPDATED 1795475748 FLAGS (\\Seen) INTERNALDATE 1767600000 SIZE 1043 GUID %040x ANNOTATIONS ("+
				"%%(ENTRY "+own+"thrid USERID \"\" MODSEQ 0 VALUE 6c006794ff0207a0) %%(ENTRY "+own+"savedate USERID \"\" MODSEQ 0 VALUE 1795475748) "+
				"%%(ENTRY "+own+"createdmodseq USERID \"\" MODSEQ 0 VALUE %d))) ", uid, uid, uid, uid)
		}
		fmt.Fprint(out, ")")
	}
	fmt.Fprint(out, ")\r\n")
}
