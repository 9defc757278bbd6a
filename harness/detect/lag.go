package detect

import (
	"context"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// lagPauses are those between the looks of [Scene.Lasting]. Together they are how
// long a change may take to be replicated, with a sync_repeat_interval of up to
// three seconds.
func lagPauses() []time.Duration {
	return []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond, 2 * time.Second}
}

// Lasting compares the accounts of a scene, and returns what every one of several looks
// found: lag is no damage, and goes away while they are made. Where the first look finds
// nothing there is no other, and the later ones are at the accounts alone of which
// something was found. What is no pair of running servers does not change, and is looked at
// once.
func (s Scene) Lasting(ctx context.Context, look func(context.Context, Scene) ([]Finding, error)) ([]Finding, error) {
	found, err := look(ctx, s)
	for _, pause := range lagPauses() {
		if err != nil || len(found) == 0 || !s.live() {
			return found, err
		}
		if err := s.Clock.Sleep(ctx, pause); err != nil {
			return nil, err
		}
		s.Accounts = accountsOf(found)
		var again []Finding
		again, err = look(ctx, s)
		found = slices.DeleteFunc(again, func(f Finding) bool {
			return !slices.ContainsFunc(found, func(before Finding) bool { return sameFinding(before, f) })
		})
	}
	return found, err
}

// live says whether the scene is of running servers alone.
func (s Scene) live() bool {
	_, err := s.servers()
	return err == nil
}

// sameFinding says whether a finding is one that was there before. That a message or a
// mailbox is missing says who is missing; of a difference between two values both have to
// be as they were.
func sameFinding(a, b Finding) bool {
	if a.Key() != b.Key() {
		return false
	}
	switch a.Kind {
	case target.MessageMissing, target.ExpungeMissing, target.TombstoneMissing,
		target.MailboxMissing, target.DeletionMissing, target.AccountMissing, target.MailboxUnreadable:
		return true
	}
	return a.Evidence == b.Evidence
}

func accountsOf(found []Finding) []string {
	var accounts []string
	for _, f := range found {
		if !slices.Contains(accounts, f.Account) {
			accounts = append(accounts, f.Account)
		}
	}
	return accounts
}

// Servers returns the running servers among the sides, for detectors of other packages.
func (s Scene) Servers() ([]target.Server, error) { return s.servers() }

// EachAccount runs a look at each account side by side and returns what they found, in
// the order of accounts, with the detector's name and the time.
func (s Scene) EachAccount(ctx context.Context, detector string, look func(context.Context, string) ([]Finding, error)) ([]Finding, error) {
	return s.eachAccount(ctx, detector, look)
}

// ErrNeedsTwo says that a detector compares, and got nothing to compare with.
func ErrNeedsTwo() error { return errNeedsTwo }
