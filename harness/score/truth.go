package score

import (
	"context"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// truth is what both servers were like before the fault, and what carol's user was
// promised since.
type truth struct {
	pair   target.Pair
	before map[target.ServerName]map[string]target.Snapshot
	// acknowledged are the GUIDs of messages that were stored in carol's INBOX while
	// the pair was broken.
	acknowledged []string
	wrong        map[target.Place]bool // what was looked at already
	lagged       bool                  // what she did was not replicated in time
}

func newTruth(ctx context.Context, pair target.Pair) (*truth, error) {
	servers := pair.Servers()
	before, err := target.TakeSnapshots(ctx, pair.Executor(), Accounts(), target.LevelBody, servers[0], servers[1])
	return &truth{pair: pair, before: before, wrong: map[target.Place]bool{}}, err
}

const (
	// workWithin is how long carol's user waits for an answer.
	workWithin = 3 * time.Second
	// followWithin is how long what she does may take to be replicated.
	followWithin = 3 * time.Second
)

// work lets carol's user go on, so that what stands still shows, and gives
// replication the time that it takes where nothing is broken. Nobody is hurt by what
// does not get through.
func (t *truth) work(ctx context.Context, pair target.Pair) {
	asked, cancel := target.Within(ctx, pair.Clock(), workWithin)
	defer cancel()
	m := message(carol, "INBOX", 1)
	err := as(asked, pair.Serving(), carol, func(session target.Session) error {
		_, _, err := session.Append(asked, "INBOX", m)
		return err
	})
	if err == nil {
		t.acknowledged = append(t.acknowledged, target.DigestBody(m.Body))
	}
	err = target.WaitUntil(ctx, pair.Clock(), followWithin, "replication", func(ctx context.Context) (bool, string, error) {
		log, err := pair.Serving().Host().SyncLog(ctx)
		return err == nil && log.Pending() == 0, "", nil
	})
	t.lagged = err != nil
}

// isTrue says whether something is wrong where a finding says so.
func (t *truth) isTrue(ctx context.Context, f detect.Finding, damage []fault.Damage) bool {
	if slices.ContainsFunc(damage, func(d fault.Damage) bool { return overlap(d.Place, f.Place) && !(d.Account != "" && ofMachine(f.Kind)) }) {
		return true
	}
	if f.Kind == target.ReplicaBehind && t.lagged {
		return true // it was, and may have come up since
	}
	at := target.Place{Account: f.Account, Mailbox: f.Mailbox}
	if at.Account == "" {
		return f.Kind == target.ReplicationStopped && t.standsStill(ctx)
	}
	wrong, known := t.wrong[at]
	if !known {
		wrong = t.raw(ctx, at)
		t.wrong[at] = wrong
	}
	return wrong
}

// ofMachine says whether a kind is about a server as a whole: what is wrong with one of
// its mailboxes does not make it so.
func ofMachine(kind target.Kind) bool {
	switch kind {
	case target.ServerDown, target.ServerHung, target.ReplicationStopped, target.DiskFull, target.DiskReadOnly, target.ClockWrong:
		return true
	}
	return false
}

// standsStill says whether anything still waits to be replicated.
func (t *truth) standsStill(ctx context.Context) bool {
	log, err := t.pair.Serving().Host().SyncLog(ctx)
	return err != nil || log.Pending() > 0
}

// overlap says whether two places have something in common, on whichever server.
func overlap(a, b target.Place) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	if a.Account == "" && a.Server != b.Server && b.Account == "" {
		return false
	}
	return same(a.Account, b.Account) && same(a.Mailbox, b.Mailbox) && same(a.Script, b.Script)
}

// raw says whether one of the servers is not at this place what its users were
// promised.
func (t *truth) raw(ctx context.Context, at target.Place) bool {
	for _, server := range t.pair.Servers() {
		now, err := target.TakeSnapshot(ctx, server, at.Account, target.LevelBody)
		if err != nil {
			return true // it cannot even be read
		}
		before := t.before[server.Name()][at.Account]
		if at.Account == carol && !t.has(now) {
			return true
		}
		for _, d := range target.Diff(before, now) {
			ours := at.Mailbox == "" || d.Mailbox == "" || d.Mailbox == at.Mailbox
			if ours && !(at.Account == carol && d.Mailbox == "INBOX") {
				return true
			}
		}
	}
	return false
}

// has says whether what carol's user was promised is there, as it was stored.
func (t *truth) has(now target.Snapshot) bool {
	inbox, _ := now.Mailbox("INBOX")
	for _, guid := range t.acknowledged {
		if !slices.ContainsFunc(inbox.Live(), func(r target.Record) bool { return r.GUID == guid && r.BodySHA1 == guid }) {
			return false
		}
	}
	return len(inbox.Live()) >= 1
}
