package drill

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// watched runs a look at the servers and holds their data before it against
// their data after it: looking must change nothing.
func (r *run) watched(ctx context.Context, detector string, look func() ([]detect.Finding, error)) ([]detect.Finding, error) {
	before := r.atRest(ctx)
	found, err := look()
	if err != nil {
		return nil, err
	}
	after := r.digests(ctx)
	for _, server := range r.pair.Servers() {
		b, a := before[server.Name()], after[server.Name()]
		if b != "" && a != "" {
			r.looks = append(r.looks, property.Look{Detector: detector, Server: server.Name(), Before: b, After: a})
		}
	}
	return found, nil
}

// atRest returns the servers' digests once they stay the same: what a user's
// session leaves undone at its end, the server does a moment later.
func (r *run) atRest(ctx context.Context) map[target.ServerName]string {
	const within = 5 * time.Second
	last := r.digests(ctx)
	_ = target.WaitUntil(ctx, r.pair.Clock(), within, "the servers to be at rest", func(ctx context.Context) (bool, string, error) {
		now := r.digests(ctx)
		same := maps.Equal(now, last)
		last = now
		return same, "", nil
	})
	return last
}

// digests returns a digest of each server's data; none where it cannot be had.
func (r *run) digests(ctx context.Context) map[target.ServerName]string {
	digests := map[target.ServerName]string{}
	for _, server := range r.pair.Servers() {
		digest, err := server.Host().DataDigest(ctx)
		var unsupported *target.UnsupportedError
		if err != nil && !errors.As(err, &unsupported) {
			r.note("the data of %s cannot be digested: %s", server.Name(), err)
		}
		if err == nil {
			digests[server.Name()] = digest
		}
	}
	return digests
}
