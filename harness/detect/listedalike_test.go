package detect_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// amongMany is alice's index view on a server that has others' accounts, and nothing in them.
type amongMany struct{ flowing }

func (a amongMany) Mailboxes(ctx context.Context, account string) ([]target.Mailbox, error) {
	if account != "alice" {
		return nil, nil
	}
	return a.flowing.Mailboxes(ctx, account)
}

func (a amongMany) Meta(ctx context.Context, account string) (target.Meta, error) {
	if account != "alice" {
		return target.Meta{}, nil
	}
	return a.flowing.Meta(ctx, account)
}

// onList is one that is read by the list of mailboxes.
type onList struct {
	amongMany
	listed *int // how many accounts were read so
}

func (l onList) Listings(_ context.Context, accounts []string) (map[string]target.Listing, error) {
	listings := map[string]target.Listing{}
	for _, account := range accounts {
		listings[account] = target.Listing{}
	}
	var alice target.Listing
	for _, m := range l.mailboxes {
		alice.Own = append(alice.Own, m.Name)
	}
	listings["alice"] = alice
	return listings, nil
}

func (l onList) MailboxesListed(context.Context, string, target.Listing) ([]target.Mailbox, error) {
	return nil, fmt.Errorf("nobody asks for whole accounts")
}

func (l onList) MetaListed(ctx context.Context, account string, _ target.Listing) (target.Meta, error) {
	if account == "alice" {
		*l.listed++
	}
	return l.Meta(ctx, account)
}

// lists compares alice's indexes among many accounts.
func (l looker) lists(ctx context.Context, master target.ServerName, a, b target.IndexView) ([]detect.Finding, error) {
	accounts := []string{"alice"}
	for i := range 40 {
		accounts = append(accounts, fmt.Sprintf("other%02d", i))
	}
	return detect.IndexCompare{}.Detect(ctx, detect.Scene{
		Clock: l.pair.Clock(), Executor: l.pair.Executor(), Accounts: accounts, Master: master,
		Sides: []detect.Side{
			detect.LiveSide(viewed{l.pair.Server(target.Imap1), a}), detect.LiveSide(viewed{l.pair.Server(target.Imap2), b}),
		},
	})
}

// Mailboxes are the same by their unique IDs, of which lists tell nothing: what is alike under
// one name may be different mail.
func TestComparisonByListsSeesWhatWasRenamed(t *testing.T) {
	l := newLooker(t)
	side := func(first, second string) *kept {
		of := &kept{}
		for i, id := range []string{first, second} {
			name := []string{"INBOX/A", "INBOX/B"}[i]
			of.mailboxes = append(of.mailboxes, target.Mailbox{
				Name: name, UniqueID: id, UIDValidity: 1, LastUID: 2, HighestModSeq: 6,
				Records: []target.Record{record(1, name, 5), record(2, name, 6)},
			})
		}
		return of
	}
	listed := 0
	found, err := l.lists(t.Context(), target.Imap1, onList{amongMany{flowing{kept: side("a", "b")}}, &listed}, onList{amongMany{flowing{kept: side("b", "a")}}, &listed})
	var kinds []target.Kind
	for _, f := range found {
		kinds = append(kinds, f.Kind)
	}
	one := []target.Kind{target.MailboxNameDiffers, target.GUIDDiffers, target.GUIDDiffers}
	if err != nil || !slices.Equal(kinds, slices.Concat(one, one)) {
		t.Errorf("%v, %v", found, err)
	}
}

// Whatever two servers have, a comparison by their lists finds what one finds that asks for
// each account's mailboxes.
func TestComparisonByListsFindsTheSame(t *testing.T) {
	l := newLooker(t)
	found, listed := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		sides := drawSides(rt)
		for _, side := range sides {
			delete(side.refused, "") // GET USER is not asked
		}
		master := rapid.SampledFrom([]target.ServerName{"", target.Imap1, target.Imap2}).Draw(rt, "master")
		want, wantErr := l.lists(t.Context(), master, amongMany{flowing{kept: sides[0]}}, amongMany{flowing{kept: sides[1]}})
		for _, side := range sides {
			side.asked = false
		}
		got, err := l.lists(t.Context(), master, onList{amongMany{flowing{kept: sides[0]}}, &listed}, onList{amongMany{flowing{kept: sides[1]}}, &listed})
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			rt.Fatalf("got %v, want %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(detect.Finding{}, "FoundAt")); diff != "" {
			rt.Fatal(diff)
		}
		found += len(want)
	})
	if found == 0 || listed == 0 {
		t.Errorf("%d things differed in all that was drawn, %d times it was read by lists", found, listed)
	}
}
