package sim

import (
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const syncClientName = "sync_client"

const (
	// pollTime is how long sync_client waits between two looks at a log that is
	// empty, with sync_repeat_interval 0.
	pollTime = 100 * time.Millisecond
	// errandTime is about how long one step of a batch takes.
	errandTime = 12 * time.Millisecond
	// retryTime is sync_reconnect_maxwait, as the pairs are configured.
	retryTime = time.Second
	// syncTimeout is sync_timeout, as the pairs are configured. The client counts
	// it from the last answer, so also when it had nothing to ask.
	syncTimeout = 5 * time.Second
	// respawnTime is from the end of the process to its next life at work.
	respawnTime = 60 * time.Millisecond
)

// The master process gives up on a process that dies so often within so long,
// until somebody sends it SIGHUP.
const (
	maxDeaths    = 5
	deathsWithin = 10 * time.Second
)

// patientRetries is how many times a replica that is down is asked for, once a
// second, as Cyrus does for ever. From then on the model waits until the replica
// is back, so that days of waiting cost nothing.
const patientRetries = 60

// syncClient is the process that sends a master's changes to its replica. It
// takes the log as its batch (log becomes log-run), works the batch off, removes
// log-run, and looks again. A batch that is left comes first.
type syncClient struct {
	server  *server
	batch   *batch // in work
	waiting bool   // a next step is due
	used    time.Time
	retries int

	deaths    int
	lastDeath time.Time
	givenUp   bool
}

func newSyncClient(s *server) *syncClient {
	c := &syncClient{server: s, used: s.pair.now}
	s.spawn(syncClientName)
	c.in(respawnTime)
	return c
}

// wake lets the process look at its log, unless it is about to anyhow.
func (c *syncClient) wake() {
	if !c.waiting {
		c.in(max(c.server.pair.interval, pollTime/4+time.Duration(c.server.pair.rand.Int64N(int64(pollTime*3/4)))))
	}
}

func (c *syncClient) in(d time.Duration) {
	c.waiting = true
	c.server.pair.after(d, c.step)
}

// step is what the process does before it waits for something again.
func (c *syncClient) step() {
	c.waiting = false
	s := c.server
	switch {
	case s.client != c, s.process(syncClientName) == nil, s.stopped(syncClientName):
		return // it is dead, or stopped: then it goes on when it is resumed
	case !s.peer.up():
		c.unreachable()
	case s.peer.stopped(serviceSync.process()):
		c.unanswered()
	case len(s.disk.run.entries) == 0 && len(s.disk.log.entries) == 0:
		c.batch = nil
		return // the next change wakes it
	case s.pair.now.Sub(c.used) > syncTimeout:
		s.logf("sync_client: idle for too long; Error in do_sync(): bailing out! Bad protocol")
		c.respawn()
	default:
		c.work()
	}
}

// unreachable: the replica is down. It is asked for again and again.
func (c *syncClient) unreachable() {
	s := c.server
	if c.batch != nil {
		s.logf("sync_client: Error in do_sync(): bailing out! LOGOUT received")
		c.respawn()
		return
	}
	if c.retries++; c.retries > patientRetries {
		return // until it is up again
	}
	s.logf("sync_client: connect(%s) failed, retrying in %d seconds", s.peer.name, int(retryTime/time.Second))
	c.in(retryTime)
}

// unanswered: the replica takes connections and does not answer. The client
// gives up on the one that it has, and then waits in the next for ever.
func (c *syncClient) unanswered() {
	if c.batch != nil || c.retries == 0 {
		c.retries++
		c.batch = nil
		c.server.logf("sync_client: idle for too long; Error in do_sync(): bailing out! Bad protocol")
		c.respawn()
	}
}

// peerIsBack lets a client go on that waits for its replica.
func (c *syncClient) peerIsBack() {
	c.used, c.retries = c.server.pair.now, 0
	c.wake()
}

// work does one errand of the batch, or takes the next batch.
func (c *syncClient) work() {
	s := c.server
	c.used, c.retries = s.pair.now, 0
	if len(s.disk.run.entries) == 0 {
		s.disk.run, s.disk.log = s.disk.log, logFile{}
		c.batch = nil
	}
	if c.batch == nil {
		c.batch = newBatch(&s.disk.list, s.disk.run.entries)
		c.in(errandTime)
		return
	}
	more, err := c.batch.next(&replication{s, s.peer})
	switch {
	case err == syncCrash:
		c.die(fatalRecord)
	case err != nil:
		s.logf("sync_client: Error in do_sync(): bailing out! %v", err)
		c.respawn()
	case more || len(c.batch.todo) > c.batch.at:
		c.in(errandTime)
	default:
		s.disk.run, c.batch = logFile{}, nil
		if len(s.disk.log.entries) > 0 {
			c.in(max(c.server.pair.interval, errandTime))
		}
	}
}

// die is an end that the master process counts.
func (c *syncClient) die(of string) {
	s := c.server
	s.logf("sync_client: %s", of)
	now := s.pair.now
	if now.Sub(c.lastDeath) > deathsWithin {
		c.deaths = 0
	}
	c.deaths, c.lastDeath = c.deaths+1, now
	if c.deaths >= maxDeaths {
		s.logf("master: too many failures for service syncclient/daemon, disabling until next SIGHUP")
		s.end(syncClientName)
		c.batch, c.givenUp = nil, true
		return
	}
	c.respawn()
}

// respawn starts the process anew; the batch in work stays in log-run.
func (c *syncClient) respawn() {
	c.batch, c.used = nil, c.server.pair.now
	c.server.end(syncClientName)
	c.server.spawn(syncClientName)
	c.in(respawnTime)
}

// resumed lets a stopped process go on.
func (c *syncClient) resumed() {
	if p := c.server.process(syncClientName); p != nil && p.state == target.ProcessRunning {
		c.wake()
	}
}
