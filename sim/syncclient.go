package sim

import (
	"time"

	"github.com/cyrdrill/cyrdrill/harness/canary"
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
	// firstLook is how long a sync_client waits that looks seldom; then twice as long each
	// time, so many times.
	firstLook   = 15 * time.Second
	longestLook = 6
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
// is back, so that days of waiting cost nothing. So often it also tries a batch that
// cannot be sent.
const patientRetries = 60

// syncClient is the process that sends a master's changes to its replica. It
// takes the log as its batch (log becomes log-run), works the batch off, removes
// log-run, and looks again. A batch that is left comes first.
type syncClient struct {
	server  *server
	name    string    // of the server's client, for who asks what is due
	batch   *batch    // in work
	waiting bool      // a next step is due
	turn    int       // counts the steps that were made due: the last one alone counts
	due     time.Time // when the last of them is
	life    int       // of the replica's, with which it is connected; 0: it is not
	used    time.Time // when the replica answered last
	retries int
	bailed  int      // how often in turn, while nobody did anything to the pair
	acts    int      // the world's, when it last bailed out
	sent    bool     // what the next errand sends has arrived
	stale   []header // what the replica has told of an account, and has no more: see overtaken

	deaths    int
	lastDeath time.Time
	givenUp   bool
}

func newSyncClient(s *server) *syncClient {
	c := &syncClient{server: s, name: syncClientName + " of " + string(s.name)}
	s.spawn(syncClientName)
	c.in(respawnTime)
	return c
}

// wake lets the process look at its log, unless it is about to anyhow.
func (c *syncClient) wake() {
	if !c.waiting {
		c.in(c.lookTime())
	}
}

// lookTime is how long it takes until the process looks at its log again.
func (c *syncClient) lookTime() time.Duration {
	return max(c.server.pair.interval, time.Duration(c.server.pair.rand.Int64N(int64(pollTime))))
}

// in makes the next step due, in place of one that was due already: what a step does
// may log a change, which wakes the process that is just at work. It is one process.
func (c *syncClient) in(d time.Duration) {
	c.waiting = true
	c.turn++
	turn := c.turn
	c.due = c.server.pair.now.Add(d)
	c.server.pair.after(d, c.name, func() {
		if turn == c.turn {
			c.step()
		}
	})
}

// step is what the process does before it waits for something again.
func (c *syncClient) step() {
	c.waiting = false
	s := c.server
	switch {
	case s.client != c, s.process(syncClientName) == nil, s.stopped(syncClientName):
		return // it is dead, or stopped: then it goes on when it is resumed
	case !c.connected():
		c.connect()
	case len(s.disk.run.entries) == 0 && len(s.disk.log.entries) == 0:
		c.batch = nil // the next change wakes it
	default:
		c.take()
		c.send()
	}
}

// take makes the log its batch, unless one is left.
func (c *syncClient) take() {
	if s := c.server; len(s.disk.run.entries) == 0 {
		s.disk.run, s.disk.log = s.disk.log, logFile{}
		c.batch = nil
	}
}

// send does a part of the batch, if the replica lets it.
func (c *syncClient) send() {
	s := c.server
	switch {
	case !s.peer.up() || s.peer.life != c.life || s.peer.garbled:
		last := "end of file reached"
		if s.peer.tookLeave && !s.peer.garbled {
			last = "LOGOUT received"
		}
		c.bailOut("Error in do_sync(): bailing out! Bad protocol (" + last + ")")
	case s.pair.now.Sub(c.used) > syncTimeout:
		s.logf("sync_client: Fatal error: idle for too long")
		c.bailOut("Error in do_sync(): bailing out! Bad protocol (idle for too long)")
	case !s.reaches(s.peer):
		c.in(c.used.Add(syncTimeout + time.Millisecond).Sub(s.pair.now)) // no answer until then is none
	default:
		c.work()
	}
}

// connected says whether the process has a connection, good or not.
func (c *syncClient) connected() bool { return c.life != 0 }

// connect looks for the replica: again and again where it is down, or not to be
// found. Where it hangs its kernel takes the connection, and then no greeting
// comes, for which the process waits for ever.
func (c *syncClient) connect() {
	s := c.server
	switch {
	case !s.peer.up() || !s.routed(s.peer) || s.peer.garbled:
		if c.retries++; c.retries > patientRetries {
			return // until it is up again
		}
		if s.pair.version.looksSeldom {
			c.in(firstLook << min(c.retries-1, longestLook))
			return
		}
		s.logf("sync_client: connect(%s) failed, retrying in %d seconds", s.peer.name, int(retryTime/time.Second))
		c.in(retryTime)
	case !s.reaches(s.peer):
		return // until it answers again
	default:
		c.life, c.used, c.retries = s.peer.life, s.pair.now, 0
		c.next()
	}
}

// next lets the process go on with its work.
func (c *syncClient) next() {
	c.in(errandTime + 2*c.server.delay(c.server.peer))
}

// peerIsBack lets a client go on that waits for its replica.
func (c *syncClient) peerIsBack() {
	if c.server.pair.version.looksSeldom && c.waiting {
		return // it does not know
	}
	c.retries = 0
	c.in(c.lookTime())
}

// work reads the batch, or does one errand of it.
func (c *syncClient) work() {
	s := c.server
	c.used = s.pair.now
	if c.batch == nil {
		c.batch = newBatch(&s.disk.list, s.disk.run.entries, s.pair.orders.Shuffle)
		c.next()
		return
	}
	if len(c.batch.todo) == c.batch.at {
		c.finish()
		return
	}
	if c.sends() {
		return
	}
	if err := s.peer.tellsOfList(); err != nil {
		c.bailOut("Error in do_sync(): bailing out! " + bailingText(err))
		return
	}
	more, err := c.batch.next(&replication{master: s, replica: s.peer, stale: c.stale})
	c.stale = nil
	switch {
	case err == syncCrash:
		s.logf("%s[%d]: %s", syncClientName, s.pidOf(syncClientName), fatalRecord)
		c.die(assertedText)
	case err != nil:
		c.bailOut("Error in do_sync(): bailing out! " + bailingText(err))
	case more || len(c.batch.todo) > c.batch.at:
		c.next()
	case len(s.peer.rooting.folders) > 0:
		c.in(time.Duration(s.pair.rand.Int64N(int64(quotaRootTime)))) // until it has done all, and answers
	default:
		c.finish()
	}
}

// finish ends a batch: the replica has answered to all of it, and so done all.
func (c *syncClient) finish() {
	s := c.server
	s.peer.rooting = rooting{}
	s.removesRun()
	s.disk.run, c.batch = logFile{}, nil
	if len(s.disk.log.entries) > 0 {
		c.in(max(c.server.pair.interval, errandTime)) // the next batch
	}
}

// sends says whether what the next errand sends is still on its way, which takes a
// while where the network is narrow or loses packets. What takes longer than
// sync_timeout never gets its answer.
func (c *syncClient) sends() bool {
	s := c.server
	if c.sent || s.link.BytesPerSecond+s.peer.link.BytesPerSecond+s.link.LossPercent+s.peer.link.LossPercent == 0 {
		c.sent = false
		return false
	}
	d := s.transfer(s.peer, c.batch.bytes(s, s.peer))
	c.sent = d < syncTimeout
	c.in(min(d, syncTimeout+time.Millisecond))
	return true
}

// die is an end that the master process counts.
func (c *syncClient) die(how string) {
	s := c.server
	pid := s.pidOf(syncClientName)
	s.logf("master: process type:DAEMON name:syncclient path:/usr/lib/cyrus/bin/sync_client pid:%d %s", pid, how)
	s.logf("master: service syncclient/daemon pid %d in READY state: terminated abnormally", pid)
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
	c.batch, c.life, c.sent = nil, 0, false
	c.server.end(syncClientName)
	c.server.spawn(syncClientName)
	c.in(respawnTime)
}

// bailOut is the end of a process that cannot send its batch. The next one begins with
// the same batch, ten times a second and as long as that cannot be sent. While nobody does
// anything to the pair each ends alike, so from some time on the model waits until
// somebody does: a day of this would otherwise be 3,600,000 steps.
func (c *syncClient) bailOut(why string) {
	s := c.server
	s.logf("sync_client: %s", why)
	if s.pair.planted.Is(canary.BatchDropped) {
		s.disk.run = logFile{}
	}
	c.respawn()
	if c.acts != s.pair.acts {
		c.acts, c.bailed = s.pair.acts, 0
	}
	if c.bailed++; c.bailed > patientRetries {
		c.turn++ // in place of the step that is due
		c.waiting = false
		turn := c.turn
		s.pair.onAct(func() {
			if turn == c.turn {
				c.in(respawnTime)
			}
		})
	}
}

// resumed lets a stopped process go on.
func (c *syncClient) resumed() {
	if p := c.server.process(syncClientName); p != nil && p.state == target.ProcessRunning {
		c.wake()
	}
}
