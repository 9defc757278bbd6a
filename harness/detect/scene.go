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

// TogetherSettled runs a look at all accounts at once, and again at those in which it found
// something, and returns what is no lag, with the detector's name and the time.
func (s Scene) TogetherSettled(ctx context.Context, detector string, look func(ctx context.Context, accounts []string) ([]Finding, error)) ([]Finding, error) {
	return s.settled(ctx, func(ctx context.Context, some Scene) ([]Finding, error) {
		found, err := look(ctx, some.Accounts)
		return s.sign(detector, found), err
	})
}
