package restore

import (
	"context"
	"slices"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// standing is what the serving server has of an account at the moment, as far as
// its actions turn on it. Records are read only where they are asked for.
type standing struct {
	server  target.Server
	account string
	boxes   map[string]target.Mailbox // by name, without records
	meta    target.Meta
	full    map[string]target.Mailbox // by name, with records
	saw     map[string]Sight          // by unique ID, what the plan saw
}

// readStanding looks at the account. It changes nothing.
func readStanding(ctx context.Context, server target.Server, account string, saw []Sight) (*standing, error) {
	boxes, meta, err := target.ReadAccount(ctx, server.Index(), account)
	if err != nil {
		return nil, err
	}
	s := &standing{
		server: server, account: account, boxes: map[string]target.Mailbox{}, meta: meta, full: map[string]target.Mailbox{},
		saw: map[string]Sight{},
	}
	for _, m := range boxes {
		s.boxes[m.Name] = m
	}
	for _, sight := range saw {
		s.saw[sight.UniqueID] = sight
	}
	return s, nil
}

// lastSeen is the last UID that the plan saw in the mailbox: 0, where it was made
// since.
func (s *standing) lastSeen(m target.Mailbox) uint32 { return s.saw[m.UniqueID].LastUID }

// records returns a mailbox with its records, tombstones among them.
func (s *standing) records(ctx context.Context, name string) (target.Mailbox, error) {
	if m, known := s.full[name]; known {
		return m, nil
	}
	m, err := s.server.Index().Mailbox(ctx, s.account, name)
	if err == nil {
		s.full[name] = m
	}
	return m, err
}

// arrived returns the messages that have come into a mailbox since the plan was made,
// by GUID, whether still alive or not. Where nothing has come, the records need not
// be read.
func (s *standing) arrived(ctx context.Context, name string) (map[string][]target.Record, error) {
	m, there := s.boxes[name]
	if !there || m.LastUID <= s.lastSeen(m) {
		return nil, nil
	}
	m, err := s.records(ctx, name)
	if err != nil {
		return nil, err
	}
	came := map[string][]target.Record{}
	for _, r := range m.Records {
		if r.UID > s.lastSeen(m) {
			came[r.GUID] = append(came[r.GUID], r)
		}
	}
	return came, nil
}

// finding says what has become of an action since it was planned.
type finding int

const (
	needed  finding = iota // it has yet to be done
	wasDone                // there is nothing left to do
	mustNot                // what it was planned for is not so any more
)

// stands says of an action whether it has yet to be done, and why not. A plan may be
// old, have been applied before, or be half done: in each case what counts is what
// the server has now. Copies are for [standing.arrived] to tell.
func (s *standing) stands(ctx context.Context, a Action) (finding, string, error) {
	switch a.Act {
	case Expunge, ExpungeDamaged, Flag:
		return s.message(ctx, a)
	case Remake, Create, Rename, Delete:
		f, why := s.mailbox(a)
		return f, why, nil
	case Reconstruct: // one that cannot be opened is not among them
		if _, there := s.boxes[a.Mailbox]; !there {
			return needed, "", nil
		}
		m, err := s.records(ctx, a.Mailbox)
		return s.want(!lastUIDTooLow(m)), "", err
	case Subscribe, Unsubscribe:
		return s.want(slices.Contains(s.meta.Subscriptions, a.Mailbox) == (a.Act == Subscribe)), "", nil
	case SetACL:
		return s.value(a, rightsOf(s.boxes[a.Mailbox].ACL)[a.Name])
	case SetAnnotation:
		return s.value(a, s.boxes[a.Mailbox].Annotations[a.Name])
	case SetQuota:
		return s.value(a, strconv.FormatInt(s.meta.QuotaKiB, 10))
	case Activate:
		a.Value = a.Name
		return s.value(a, activeScript(s.meta))
	case PutScript, DeleteScript:
		f, why := s.script(a)
		return f, why, nil
	}
	return needed, "", nil
}

func (s *standing) want(done bool) finding {
	if done {
		return wasDone
	}
	return needed
}

const changedSince = "it has been changed since the plan was made, and that stands"

// value is about a single value: what somebody has set since the plan was made stands.
func (s *standing) value(a Action, now string) (finding, string, error) {
	switch {
	case now == a.Value:
		return wasDone, "", nil
	case now != a.Was:
		return mustNot, changedSince, nil
	}
	return needed, "", nil
}

// message is about a message by its UID: whatever else has that UID by now is left.
func (s *standing) message(ctx context.Context, a Action) (finding, string, error) {
	if _, there := s.boxes[a.Mailbox]; !there {
		return mustNot, "there is no such mailbox any more", nil
	}
	m, err := s.records(ctx, a.Mailbox)
	if err != nil {
		return needed, "", err
	}
	r := liveAt(m, a.UID)
	switch {
	case r == nil || r.GUID != a.GUID:
		return wasDone, "", nil // it is gone, and its flags with it
	case a.Act != Flag:
		return needed, "", nil
	}
	add, remove := mergeThreeWays(nil, a.Add, r.Flags)
	for _, flag := range a.Remove {
		if slices.Contains(r.Flags, flag) {
			remove = append(remove, flag)
		}
	}
	return s.want(len(add)+len(remove) == 0), "", nil
}

func (s *standing) mailbox(a Action) (finding, string) {
	m, there := s.boxes[a.Mailbox]
	switch a.Act {
	case Remake:
		return s.remade(a)
	case Create:
		return s.want(there), ""
	case Rename:
		_, taken := s.boxes[a.To]
		switch {
		case there && taken:
			return mustNot, "there is another mailbox of that name by now"
		case there:
			return needed, ""
		case taken:
			return wasDone, ""
		}
		return mustNot, "there is no such mailbox any more"
	}
	if !there {
		return wasDone, ""
	}
	if sight, known := s.saw[m.UniqueID]; !known && len(s.saw) > 0 || m.LastUID > sight.LastUID && known {
		return mustNot, "it has been made anew, or got mail, since the plan was made"
	}
	return needed, ""
}

// remade is about a mailbox by its unique ID.
func (s *standing) remade(a Action) (finding, string) {
	for _, m := range s.boxes {
		if m.UniqueID == a.Name {
			return wasDone, ""
		}
	}
	if _, taken := s.boxes[a.Mailbox]; taken {
		return mustNot, "there is another mailbox of that name by now"
	}
	if slices.Contains(s.meta.Deleted, a.Name) {
		return mustNot, "its user has deleted it since the plan was made"
	}
	return needed, ""
}

func (s *standing) script(a Action) (finding, string) {
	now, there := scriptNamed(s.meta, a.Name)
	switch {
	case a.Act == DeleteScript && !there:
		return wasDone, ""
	case now.GUID != a.Was && (a.Act == DeleteScript || now.GUID != a.GUID):
		return mustNot, changedSince
	}
	return needed, "" // to store it anew is what compiles it anew
}
