package detect_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// BenchmarkMemory compares two mailboxes of a million messages each, which index views
// make as they are asked, and reports the most memory that the process had meanwhile.
func BenchmarkMemory(b *testing.B) {
	pair, err := sim.New().NewPair(b.Context(), target.Spec{Accounts: []string{"alice"}})
	must(b, err)
	scene := detect.Scene{
		Clock: pair.Clock(), Executor: pair.Executor(), Accounts: []string{"alice"}, Master: target.Imap1,
		Sides: []detect.Side{detect.LiveSide(large{name: target.Imap1}), detect.LiveSide(large{name: target.Imap2})},
	}
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

// large is a server of one account with one mailbox of a million messages.
type large struct {
	target.Server
	target.IndexView
	name target.ServerName
}

func (s large) Name() target.ServerName { return s.name }

func (s large) Index() target.IndexView { return s }

func (large) Mailboxes(context.Context, string) ([]target.Mailbox, error) {
	return []target.Mailbox{{Name: "INBOX", UniqueID: "u1", UIDValidity: 1}}, nil
}

func (large) Meta(context.Context, string) (target.Meta, error) { return target.Meta{}, nil }

// Mailbox makes each record anew, as if it had come over a network.
func (large) Mailbox(context.Context, string, string) (target.Mailbox, error) {
	const messages = 1_000_000
	m := target.Mailbox{Name: "INBOX", UniqueID: "u1", UIDValidity: 1, LastUID: messages, HighestModSeq: messages}
	for uid := uint32(1); uid <= messages; uid++ {
		m.Records = append(m.Records, target.Record{
			UID: uid, GUID: fmt.Sprintf("%040x", uid), Size: 1000 + uid%1000, InternalDate: time.Unix(int64(uid), 0).UTC(), Flags: []string{`\Seen`}, ModSeq: uint64(uid),
		})
	}
	return m, nil
}
