package canaries_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// engine is one whose scene, plan or options are changed before they are its own.
func engine(change func(*restore.Scene, restore.Plan, *restore.Options)) func(testing.TB) planted {
	return func(testing.TB) planted {
		apply := func(ctx context.Context, scene restore.Scene, plan restore.Plan, options restore.Options) (restore.Report, error) {
			change(&scene, plan, &options)
			return restore.Apply(ctx, scene, plan, options)
		}
		return planted{logic: func(target.Pair) drill.Logic { return drill.Logic{Apply: apply} }}
	}
}

// ofTheEngine are bugs of what carries out a restore's plan.
func ofTheEngine() []bird {
	return []bird{
		{name: "begun-believed-done", where: "restore.Apply", what: "after a kill the journal's last line is believed: what was begun is taken for done", plant: engine(func(_ *restore.Scene, _ restore.Plan, o *restore.Options) {
			if o.Journal != nil {
				o.Journal = hopeful{o.Journal}
			}
		})},
		{name: "arrivals-unseen", where: "restore.Apply", what: "it is not looked what a restore that was killed had copied already", plant: engine(func(s *restore.Scene, p restore.Plan, _ *restore.Options) {
			s.Serving = other{s.Serving, func(v target.IndexView) target.IndexView { return shortSighted{v, p} }, nil}
		})},
		{name: "append-retried", where: "restore.Apply", what: "every fifth APPEND is sent again before its answer is there", plant: engine(func(s *restore.Scene, _ restore.Plan, _ *restore.Options) {
			sent := 0
			s.Serving = other{s.Serving, nil, func(of target.Session) target.Session { return impatient{of, &sent} }}
		})},
		{name: "copies-unverified", where: "restore.Apply", what: "copies are not read back, on a server that mixes up what is appended together", plant: unverified},
		{name: "restored-to-namesake", where: "restore.Apply", what: "of two accounts whose names begin alike the first gets what is restored of both", plant: engine(func(s *restore.Scene, _ restore.Plan, _ *restore.Options) {
			s.Serving = mixedUp{s.Serving, s.Accounts}
		})},
		{name: "estimated-by-count", where: "restore.Apply", what: "the time that is left is estimated by the number of messages alone", plant: countedAlone, drill: costly},
		{name: "left-unfinished", where: "restore.Apply", what: "the last action of a plan is forgotten", plant: func(testing.TB) planted {
			return planted{logic: func(target.Pair) drill.Logic { return drill.Logic{Apply: allButTheLast} }}
		}},
	}
}

// hopeful is a journal in whose last entry what was begun is done.
type hopeful struct{ journal.Store }

func (h hopeful) Open() ([]byte, error) {
	held, err := h.Store.Open()
	if !bytes.HasSuffix(held, []byte("\n")) {
		return held, err // its last line is cut off, by where it lies
	}
	last := held[bytes.LastIndexByte(held[:len(held)-1], '\n')+1:]
	if bytes.Contains(last, []byte(`"begun":`)) {
		held = append(held, bytes.Replace(last, []byte(`"begun":`), []byte(`"done":`), 1)...)
	}
	return held, err
}

// other is a server that is seen, or used, otherwise.
type other struct {
	target.Server
	index   func(target.IndexView) target.IndexView
	session func(target.Session) target.Session
}

func (o other) Index() target.IndexView {
	if o.index == nil {
		return o.Server.Index()
	}
	return o.index(o.Server.Index())
}

func (o other) User() target.UserView { return otherUsers{o.Server.User(), o} }

type otherUsers struct {
	target.UserView
	of other
}

func (u otherUsers) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	if err != nil || u.of.session == nil {
		return session, err
	}
	return u.of.session(session), nil
}

// mixedUp is a server that takes an account for the first whose name begins as its own.
type mixedUp struct {
	target.Server
	accounts []string
}

func (m mixedUp) User() target.UserView { return mixedUpUsers{m.Server.User(), m} }

type mixedUpUsers struct {
	target.UserView
	of mixedUp
}

func (u mixedUpUsers) Login(ctx context.Context, account string) (target.Session, error) {
	first := slices.IndexFunc(u.of.accounts, func(other string) bool { return strings.HasPrefix(account, other) })
	return u.UserView.Login(ctx, u.of.accounts[first])
}

// shortSighted is an index view that shows what a plan saw, and nothing that came since.
type shortSighted struct {
	target.IndexView
	plan restore.Plan
}

func (s shortSighted) Mailboxes(ctx context.Context, account string) ([]target.Mailbox, error) {
	all, err := s.IndexView.Mailboxes(ctx, account)
	all = slices.Clone(all)
	for i := range all {
		all[i].LastUID = min(all[i].LastUID, s.saw(all[i]))
	}
	return all, err
}

// saw returns the last UID that the plan saw in a mailbox.
func (s shortSighted) saw(m target.Mailbox) uint32 {
	for _, sight := range s.plan.Saw {
		if sight.UniqueID == m.UniqueID {
			return sight.LastUID
		}
	}
	return 0
}

// impatient is a session that does not wait for every answer.
type impatient struct {
	target.Session
	sent *int
}

func (s impatient) Append(ctx context.Context, mailbox string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	const everyOne = 5
	if *s.sent++; *s.sent%everyOne == 0 {
		_, _, _ = s.Session.Append(ctx, mailbox, messages...) // its answer comes too late
	}
	return s.Session.Append(ctx, mailbox, messages...)
}

// trusting is a session that gives back what was appended in it, as far as it knows.
type trusting struct {
	target.Session
	sent map[string]map[uint32]string // the digests, by mailbox and UID
}

func (s trusting) Append(ctx context.Context, mailbox string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	validity, uids, err := s.Session.Append(ctx, mailbox, messages...)
	if s.sent[mailbox] == nil {
		s.sent[mailbox] = map[uint32]string{}
	}
	for i, uid := range uids {
		s.sent[mailbox][uid] = target.DigestBody(messages[i].Body)
	}
	return validity, uids, err
}

func (s trusting) DigestedBodies(ctx context.Context, mailbox string, uids []uint32, each func(uint32, []byte, string) error) error {
	return target.DigestedBodies(ctx, s.Session, mailbox, uids, func(uid uint32, body []byte, sha1 string) error {
		if believed, known := s.sent[mailbox][uid]; known {
			sha1 = believed
		}
		return each(uid, body, sha1)
	})
}

func unverified(tb testing.TB) planted {
	p := engine(func(s *restore.Scene, _ restore.Plan, _ *restore.Options) {
		sent := map[string]map[uint32]string{}
		s.Serving = other{s.Serving, nil, func(of target.Session) target.Session { return trusting{of, sent} }}
	})(tb)
	p.bug = canary.Plant(tb, canary.AppendedTogetherAlike)
	return p
}

// allButTheLast applies a plan without its last action.
func allButTheLast(ctx context.Context, scene restore.Scene, plan restore.Plan, options restore.Options) (restore.Report, error) {
	plan.Actions = plan.Actions[:max(0, len(plan.Actions)-1)]
	return restore.Apply(ctx, scene, plan, options)
}
