package drill

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// serverFiles are the files of each server that can be looked at, by path; nil
// for a server where that went wrong.
type serverFiles map[target.ServerName]map[string]string

// watched runs a look at the servers and holds their data before it against
// their data after it: looking must change nothing.
func (r *run) watched(ctx context.Context, detector string, look func() ([]detect.Finding, error)) ([]detect.Finding, error) {
	before, moving := r.atRest(ctx)
	found, err := look()
	if err != nil {
		return nil, err
	}
	after := r.dataFiles(ctx)
	for _, server := range r.pair.Servers() {
		b, seenBefore := before[server.Name()]
		a, seenAfter := after[server.Name()]
		if seenBefore || seenAfter {
			r.looks = append(r.looks, property.Look{Detector: detector, Server: server.Name(), Before: b, After: a, Replicating: moving})
		}
	}
	return found, nil
}

// atRest returns the servers' files once they stay the same: what a user's
// session leaves undone at its end, the server does a moment later. While
// changes wait for a sync_client that is at work, that is longer than it may rest
// between two looks at its log: what it sends meanwhile would be taken for the work
// of whoever looks. It says whether something waits even then: a sync_client that cannot
// send its batch tries again and again, and may change files each time.
func (r *run) atRest(ctx context.Context) (files serverFiles, replicating bool) {
	const settled = 3 * time.Second // a slow network is no rest
	rest := r.plan.Pair.RepeatInterval + settled
	last, since := r.dataFiles(ctx), r.pair.Clock().Now()
	_ = target.WaitUntil(ctx, r.pair.Clock(), 4*rest, "the servers to be at rest", func(ctx context.Context) (bool, string, error) {
		log, err := r.pair.Serving().Host().SyncLog(ctx) // first: what is sent after that shows in the files
		now := r.dataFiles(ctx)
		replicating = (err != nil || log.Pending() > 0) && r.sends(ctx)
		if !maps.EqualFunc(now, last, maps.Equal) {
			last, since = now, r.pair.Clock().Now()
			return false, "", nil
		}
		return !replicating || r.pair.Clock().Now().Sub(since) > rest, "", nil
	})
	return last, replicating
}

// sends says whether a sync_client runs on the server that serves.
func (r *run) sends(ctx context.Context) bool {
	processes, err := r.pair.Serving().Host().Processes(ctx)
	return err != nil || slices.ContainsFunc(processes, func(p target.Process) bool {
		return p.Name == "sync_client" && p.State == target.ProcessRunning
	})
}

// dataFiles returns the files of each server; a server that is down, or whose
// target cannot tell, is left out.
func (r *run) dataFiles(ctx context.Context) serverFiles {
	all := serverFiles{}
	for _, server := range r.pair.Servers() {
		files, err := server.Host().DataFiles(ctx)
		var unsupported *target.UnsupportedError
		if errors.As(err, &unsupported) {
			continue
		}
		if err != nil {
			r.note("the data of %s cannot be listed: %s", server.Name(), err)
		}
		all[server.Name()] = files
	}
	return all
}
