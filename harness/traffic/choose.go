package traffic

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Choice picks messages out of candidates, which are in the order in which
// they were promised. It returns count of them.
type Choice func(candidates []Message, count int, chance *rand.Rand) []Message

// Oldest chooses the first, Newest the last, Random any.
func Oldest(candidates []Message, count int, _ *rand.Rand) []Message { return candidates[:count] }

// Newest chooses the messages that were promised last.
func Newest(candidates []Message, count int, _ *rand.Rand) []Message {
	return candidates[len(candidates)-count:]
}

// Random chooses by the drill's seed.
func Random(candidates []Message, count int, chance *rand.Rand) []Message {
	chosen := make([]Message, 0, count)
	for _, i := range chance.Perm(len(candidates))[:count] {
		chosen = append(chosen, candidates[i])
	}
	return chosen
}

// ErrTooFew says that a mailbox holds fewer messages than were to be expunged.
var ErrTooFew = errors.New("too few messages to choose from")

// Expunge removes count messages of the mailbox, chosen among those that the
// user was promised and has not removed. A message that the user does not see
// on the serving server cannot be asked for and is no candidate.
func (u *Users) Expunge(ctx context.Context, account, mailbox string, count int, choose Choice) (Tally, error) {
	var tally Tally
	server := u.pair.Serving()
	err := u.withSession(ctx, server, account, func(session target.Session) error {
		uids, err := u.findMarkers(ctx, session, mailbox)
		if target.OutcomeOf(err) == target.Refused {
			tally.Refused += count // a user who cannot look cannot choose: nothing was sent
			return nil
		}
		if err != nil {
			return err
		}
		var candidates []Message
		for _, m := range u.ledger.Messages() {
			if _, seen := uids[m.Marker]; seen && m.Account == account && m.Mailbox == mailbox && m.Expunged == "" {
				candidates = append(candidates, m)
			}
		}
		if len(candidates) < count {
			return fmt.Errorf("%w: %d wanted, %d seen", ErrTooFew, count, len(candidates))
		}
		for _, m := range choose(candidates, count, u.rand) {
			entry := Entry{Op: OpExpunge, Session: account, Server: string(server.Name()), Account: account, Mailbox: mailbox, Marker: m.Marker}
			if err := u.do(ctx, &tally, entry, func(ctx context.Context) error {
				return session.Expunge(ctx, mailbox, []uint32{uids[m.Marker]})
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return tally, fmt.Errorf("expunging from %s of %s on %s: %w", mailbox, account, server.Name(), err)
	}
	return tally, nil
}

// findMarkers returns the UID of each message of a drill in the mailbox.
func (u *Users) findMarkers(ctx context.Context, session target.Session, mailbox string) (map[string]uint32, error) {
	ctx, cancel := target.Within(ctx, u.pair.Clock(), answerWithin)
	defer cancel()
	markers, err := session.Header(ctx, mailbox, MarkerField, nil)
	if err != nil {
		return nil, fmt.Errorf("reading markers: %w", err)
	}
	uids := make(map[string]uint32, len(markers))
	for uid, marker := range markers {
		uids[marker] = uid
	}
	return uids, nil
}
