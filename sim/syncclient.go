package sim

import (
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const syncClientName = "sync_client"

// retryTime is sync_reconnect_maxwait, as the pairs are configured.
const retryTime = time.Second

// syncClient is the process that sends a master's changes to its replica. It
// takes the log as its batch (log becomes log-run), sends each mailbox of the
// batch, removes log-run, and looks again.
type syncClient struct {
	server  *server
	process *process
	waiting bool  // a next step is due
	sent    []box // of the batch in work
}

// wake lets the process look at its log, unless it is about to anyhow.
func (c *syncClient) wake() {
	if c.waiting {
		return
	}
	jitter := time.Duration(c.server.pair.rand.Int64N(int64(syncTime)))
	c.in(c.server.pair.interval + syncTime/4 + jitter/2)
}

func (c *syncClient) in(d time.Duration) {
	c.waiting = true
	c.server.pair.after(d, c.step)
}

// step is what the process does before it waits for something again.
func (c *syncClient) step() {
	c.waiting = false
	disk := c.server.disk
	switch {
	case c.server.client != c, c.process.state != target.ProcessRunning:
		return // it is dead, or stopped: then it goes on when it is resumed
	case len(disk.run.entries) == 0 && len(disk.log.entries) == 0:
		return // the next change wakes it
	case !c.server.peer.up():
		c.server.logf("sync_client: connection to %s refused, trying again in %s", c.server.peer.name, retryTime)
		c.in(retryTime)
	case len(disk.run.entries) == 0:
		disk.run, disk.log, c.sent = disk.log, logFile{}, nil
		c.in(syncTime / 4)
	default:
		c.sendNext()
	}
}

// sendNext sends one mailbox of the batch, or ends the batch.
func (c *syncClient) sendNext() {
	disk := c.server.disk
	for _, entry := range disk.run.entries {
		if !slices.Contains(c.sent, entry.box) {
			c.sent = append(c.sent, entry.box)
			c.server.replicate(entry.box)
			c.in(syncTime / 8)
			return
		}
	}
	disk.run = logFile{}
	c.wake()
}

// replicate brings the replica's copy of a mailbox up to the master's: a record
// of the master replaces the replica's, whatever was done to that, one that only
// the replica has stays, and a mailbox that is not there is made with the same
// unique ID and UIDVALIDITY.
func (s *server) replicate(b box) {
	source, ok := s.disk.mailboxes[b]
	if !ok {
		return
	}
	destination := s.peer.disk
	copied, ok := destination.mailboxes[b]
	if !ok {
		copied = &mailbox{uniqueID: source.uniqueID}
		destination.mailboxes[b] = copied
	}
	var merged []target.Record
	target.PairRecords(source.records, copied.records, func(ours, theirs *target.Record) {
		if ours == nil {
			merged = append(merged, *theirs)
			return
		}
		merged = append(merged, *ours)
		if body, ok := s.disk.spool[ours.GUID]; ok {
			destination.spool[ours.GUID] = body
		}
	})
	copied.records = cloneRecords(merged)
	copied.uidValidity, copied.acl = source.uidValidity, source.acl
	copied.lastUID = max(copied.lastUID, source.lastUID)
	copied.highestModSeq = max(copied.highestModSeq, source.highestModSeq)
	s.pair.tracef("%s sent %s to %s: LAST_UID %d, HIGHESTMODSEQ %d", s.name, b.internal(), s.peer.name, copied.lastUID, copied.highestModSeq)
}
