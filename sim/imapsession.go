package sim

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IMAPSession is a [target.Session] with what IMAP knows besides. Like all of a pair
// it is not safe for concurrent use.
type IMAPSession struct{ *session }

// OpenIMAP opens an IMAP session of the account.
func (p *Pair) OpenIMAP(ctx context.Context, name target.ServerName, account string) (*IMAPSession, error) {
	opened, err := userView{p.server(name)}.Login(ctx, account)
	if err != nil {
		return nil, err
	}
	return &IMAPSession{opened.(*session)}, nil
}

// Selected is what a session is told of a mailbox.
type Selected struct {
	target.Counters
	Recent   int             // messages of which no session of the user was told before
	Keywords []string        // that are known in the mailbox
	Records  []target.Record // the messages, in order of UID
}

// Select opens a mailbox: by EXAMINE, or by SELECT, which notes what is \Recent.
func (s *IMAPSession) Select(ctx context.Context, name string, readOnly bool) (Selected, error) {
	v, err := s.selectMailbox(ctx, "EXAMINE", name, "r", readTime)
	if err != nil {
		return Selected{}, err
	}
	told := s.told(&v)
	if !readOnly {
		s.tellRecent(&v)
	}
	return told, s.done(ctx, request{"SELECT", name})
}

// Glance returns what the mailbox holds now, for a session that has selected it. It
// lets no time pass.
func (s *IMAPSession) Glance(name string) (Selected, error) {
	v, err := s.open(request{verb: "NOOP"}, name, "r")
	if err != nil {
		return Selected{}, err
	}
	return s.told(&v), nil
}

// Same says whether a selected mailbox is still there, under this UIDVALIDITY, as far
// as can be told. It lets no time pass.
func (s *IMAPSession) Same(name string, uidValidity uint32) bool {
	e := s.disk.list.find(s.internal(name))
	if e == nil {
		return false
	}
	v := s.visit(e)
	return v.trouble() != "" || v.index().uidValidity == uidValidity
}

// Changed says whether a selected mailbox has changed since it was told of. It lets
// no time pass. Another's \Seen alone it does not see.
func (s *IMAPSession) Changed(name string, since target.Counters) bool {
	v, err := s.open(request{verb: "NOOP"}, name, "r")
	return err == nil && v.counters() != since
}

func (v *visit) counters() target.Counters {
	x := v.index()
	return target.Counters{UIDValidity: x.uidValidity, UIDNext: x.lastUID + 1, HighestModSeq: x.highestModSeq}
}

func (s *IMAPSession) told(v *visit) Selected {
	told := Selected{Counters: v.counters(), Keywords: slices.Clone(v.folder.keywords)}
	recent := v.index().recentUID
	if !s.owns(v) {
		recent = s.seen(v).lastUID
	}
	for _, r := range v.index().records {
		if r.expunged {
			continue
		}
		if r.uid > recent {
			told.Recent++
		}
		record := r.view()
		record.Flags = slices.Clone(s.flagsOf(v, r))
		told.Records = append(told.Records, record)
	}
	return told
}

// Peek returns what STATUS tells of a mailbox, of which it reads the index alone.
func (s *IMAPSession) Peek(ctx context.Context, name string) (Selected, error) {
	if _, err := s.Status(ctx, name); err != nil {
		return Selected{}, err
	}
	return s.Glance(name)
}

// ReplaceFlags gives messages these flags and no others, as far as the user may.
func (s *IMAPSession) ReplaceFlags(ctx context.Context, name string, uids []uint32, flags []string) error {
	v, err := s.selectMailbox(ctx, "SELECT", name, "r", storeTime)
	if err != nil {
		return err
	}
	rights := v.entry.acl.rights(s.user, v.entry.owner())
	add := permitted(flags, rights)
	if len(permitted([]string{`\Seen`, `\Deleted`, "other"}, rights)) == 0 {
		return no(request{verb: "UID STORE"}, "", textDenied)
	}
	for _, uid := range sorted(uids) {
		if r := v.index().live(uid); r != nil {
			keep := v.folder.flags(flags)
			remove := slices.DeleteFunc(slices.Clone(s.flagsOf(&v, *r)), func(flag string) bool { return slices.Contains(keep, flag) })
			s.store(&v, []uint32{uid}, add, permitted(remove, rights))
		}
	}
	v.leave()
	return s.done(ctx, request{verb: "UID STORE"})
}

// ExpungeDeleted removes those messages for good that are \Deleted, of these UIDs,
// nil for all.
func (s *IMAPSession) ExpungeDeleted(ctx context.Context, name string, uids []uint32) error {
	v, err := s.selectMailbox(ctx, "SELECT", name, "r", expungeTime)
	if err != nil {
		return err
	}
	if !v.entry.acl.allows(s.user, v.entry.owner(), 'e') {
		return no(request{verb: "EXPUNGE"}, "", textDenied)
	}
	for _, r := range slices.Clone(v.index().records) {
		if !r.expunged && r.has(`\Deleted`) && (uids == nil || slices.Contains(uids, r.uid)) {
			v.expunge(r)
			s.pair.tracef("%s expunged UID %d from %s", s.name, r.uid, v.entry.name)
		}
	}
	v.leave()
	return s.done(ctx, request{verb: "EXPUNGE"})
}

// Copied says under which UIDs messages were copied.
type Copied struct {
	UIDValidity uint32 // of where they are now
	From, To    []uint32
	// Silent says that the user may not read there, and is not told (RFC 4315, 3).
	Silent bool
}

// told says whether anything was copied of which the user hears.
func (c Copied) told() bool { return len(c.To) > 0 && !c.Silent }

// CopyMessages copies messages into another mailbox, or moves them there.
func (s *IMAPSession) CopyMessages(ctx context.Context, name string, uids []uint32, to string, move bool) (Copied, error) {
	command := request{verb: "COPY"}
	if move {
		command.verb = "MOVE"
	}
	return s.copy(ctx, command, name, uids, to, move)
}
