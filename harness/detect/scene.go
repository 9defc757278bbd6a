package detect

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Servers returns the two running servers of a scene, for detectors of other packages.
func (s Scene) Servers() ([2]target.Server, error) {
	servers, err := s.servers()
	if err != nil {
		return [2]target.Server{}, err
	}
	if len(servers) != 2 {
		return [2]target.Server{}, errNeedsTwo
	}
	return [2]target.Server(servers), nil
}

// EachAccount runs a look at each account, several side by side, and returns what they
// found, in the order of accounts, with the detector's name and the time.
func (s Scene) EachAccount(ctx context.Context, detector string, look func(context.Context, string) ([]Finding, error)) ([]Finding, error) {
	return s.eachAccount(ctx, detector, look)
}

// EachSettled is [Scene.EachAccount], but for what is lag.
func (s Scene) EachSettled(ctx context.Context, detector string, look func(context.Context, string) ([]Finding, error)) ([]Finding, error) {
	return s.eachSettled(ctx, detector, look)
}
