package cyrus

import (
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// A server's host can be looked at through all that happens to its container: whoever
// answers from within ends with it.
func TestHostIsSeenThroughPauseKillAndReset(t *testing.T) {
	p := warm.get(t)
	master, hand := p.server(target.Imap1), p.Saboteur()
	look := func(when string, alive bool) {
		t.Helper()
		processes, err := master.Host().Processes(t.Context())
		if err != nil || target.Alive(processes) != alive {
			t.Errorf("%s: processes %v, %v", when, processes, err)
		}
		log, err := master.Host().SyncLog(t.Context())
		if err != nil {
			t.Errorf("%s: sync log: %v", when, err)
		}
		if alive && master.lookout.leave == nil {
			t.Errorf("%s: nobody within answers", when)
		}
		if age := time.Since(log.Current.Modified); log.Current.Bytes > 0 && (age < -time.Minute || age > time.Hour) {
			t.Errorf("%s: the sync log is %s old", when, age)
		}
	}
	suspend := func() {
		t.Helper()
		if _, err := hand.Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
			t.Fatal(err)
		}
	}
	must := func(_ target.Evidence, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	look("at first", true)
	suspend()
	deliver(t, p.Serving(), "alice", "waits in the log")
	log, err := master.Host().SyncLog(t.Context())
	if err != nil || !slices.ContainsFunc(log.Current.Entries, func(line string) bool { return line == "MAILBOX user.alice" }) {
		t.Errorf("the log has %v, %v", log.Current.Entries, err)
	}
	must(hand.(target.ServerHanger).Hang(t.Context(), target.Imap1))
	look("paused", false)
	must(hand.(target.ServerHanger).Unhang(t.Context(), target.Imap1))
	look("unpaused", true)
	must(hand.KillServer(t.Context(), target.Imap1))
	look("killed", false)
	if err := p.Operator().Start(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	look("started", true)
	if err := p.Reset(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	look("reset", true)
}
