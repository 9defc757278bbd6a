package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Append implements [target.Session].
func (s *session) Append(ctx context.Context, name string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	if len(messages) == 0 {
		return 0, nil, nil
	}
	command := request{"APPEND", name}
	if err := s.do(ctx, command, appendTime); err != nil {
		s.leaveOrphan(name, messages[0].Body)
		return 0, nil, err
	}
	v, err := s.open(command, name, "i")
	if err != nil {
		return 0, nil, s.tryCreate(err, name)
	}
	var bytes int64
	for _, message := range messages {
		bytes += int64(len(message.Body))
	}
	if s.overQuota(&v, bytes) {
		return 0, nil, no(command, s.pair.version.overQuotaCode, textOverQuota)
	}
	if v.lastIsRotten() {
		return 0, nil, no(command, "", textFormatSpoilt)
	}
	if s.disk.full && s.pair.planted.Is(canary.AcknowledgedOnFullDisk) {
		return v.index().uidValidity, []uint32{v.index().lastUID + 1}, nil
	}
	if s.disk.full || s.disk.readOnly {
		s.cannotWrite(string(serviceIMAP))
		return 0, nil, no(command, "", textIOError)
	}
	if v.future() {
		return 0, nil, s.dieOfFuture(command, &v, messages[0].Body)
	}
	var uids, seen []uint32
	for _, message := range messages {
		date := v.now()
		if !message.InternalDate.IsZero() && !s.pair.planted.Is(canary.AppendDateIgnored) {
			date = message.InternalDate.Unix()
		}
		if s.pair.planted.Is(canary.AppendedTogetherAlike) {
			message.Body, message.SHA1 = messages[0].Body, messages[0].SHA1
		}
		flags, ownSeen := s.given(&v, message.Flags)
		uids = append(uids, v.add(sentFile(message, date), flags))
		if ownSeen {
			seen = append(seen, uids[len(uids)-1])
		}
	}
	if len(seen) > 0 {
		s.setSeen(&v, s.seen(&v).with(true, seen...))
	}
	s.pair.tracef("%s appended UIDs %v to %s", s.name, uids, v.entry.name)
	v.leaveAppended()
	return v.index().uidValidity, uids, s.done(ctx, command)
}

// lastIsRotten says whether the record can be trusted after which a message
// would be appended.
func (v *visit) lastIsRotten() bool {
	records := v.index().records
	return len(records) > 0 && records[len(records)-1].rotten
}

// future says whether a record has a UID above LAST_UID. Who appends after such a
// one dies of it, when the message's file is there already.
func (v *visit) future() bool {
	records := v.index().records
	return len(records) > 0 && records[len(records)-1].uid > v.index().lastUID
}

// overwriteNext puts a message's file where the next one goes.
func (v *visit) overwriteNext(body []byte) {
	v.folder.files.put(v.index().lastUID+1, newFile(body, v.now()))
}

// dieOfFuture is the end of a session that appends after such a record.
func (s *session) dieOfFuture(command request, v *visit, body []byte) error {
	v.overwriteNext(body)
	s.dead = true
	s.fatal(serviceIMAP, fatalFuture)
	return fmt.Errorf("%s: no answer but BYE %s", command, fatalFuture) // it may have been done
}

const fatalFuture = "Fatal error: Internal error: assertion failed: imap/mailbox.c: 4528: prev.uid <= mailbox->i.last_uid"

// leaveOrphan leaves a message file without a record, as a server may that dies
// amid an append.
func (s *session) leaveOrphan(name string, body []byte) {
	e := s.disk.list.find(s.internal(name))
	if s.up() || e == nil || s.disk.folder(e) == nil || s.pair.rand.IntN(2) == 0 {
		return
	}
	f := s.disk.folder(e)
	f.files.put(f.index.lastUID+1, newFile(body, s.clock().Unix()))
}

// tryCreate is what a mailbox that is not there is answered with to who wants to
// put mail into it (RFC 3501, section 7.1), if that user may make it.
func (s *session) tryCreate(err error, name string) error {
	if refused, ok := err.(*target.RefusedError); ok && refused.Text == textNonexistent && s.mayCreate(request{}, s.internal(name)) == nil {
		refused.Code = "TRYCREATE"
	}
	return err
}

// overQuota says whether so many bytes more are too many for the mailbox's quota
// root.
func (s *server) overQuota(v *visit, bytes int64) bool {
	if v.folder.quotaRoot == "" {
		return false
	}
	owner := v.entry.owner()
	limit := s.disk.account(owner).quotaKiB
	return limit != target.NoQuota && s.usedBy(owner)+bytes > limit*1024
}

// usedBy returns how many bytes of mail count against the account's quota.
func (s *server) usedBy(account string) int64 {
	var used int64
	for _, e := range s.disk.list.ofAccount(account) {
		if f := s.disk.folder(e); f != nil && f.quotaRoot != "" && !(e.kind == entrySieve && s.pair.version.scriptsApart) {
			_, bytes := f.index.exists()
			used += bytes
		}
	}
	return used
}

// Expunge implements [target.Session]: \Deleted is set, and then the messages
// are expunged, which are two commands. UIDs that are not there are passed over
// (RFC 4315, section 2.1).
func (s *session) Expunge(ctx context.Context, name string, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	v, err := s.selectMailbox(ctx, "SELECT", name, "r", expungeTime)
	if err != nil {
		return err
	}
	has := v.entry.acl.rights(s.user, v.entry.owner())
	if !strings.Contains(has, "t") {
		return no(request{verb: "UID STORE"}, "", textDenied)
	}
	for _, uid := range sorted(uids) {
		if r := v.index().live(uid); r != nil {
			v.setFlags(*r, []string{`\Deleted`}, nil)
		}
	}
	v.leave()
	if !strings.Contains(has, "e") {
		return no(request{verb: "UID EXPUNGE"}, "", textDenied)
	}
	for _, uid := range sorted(uids) {
		if r := v.index().live(uid); r != nil {
			v.expunge(*r)
			s.pair.tracef("%s expunged UID %d from %s", s.name, uid, v.entry.name)
		}
	}
	v.leave()
	return s.done(ctx, request{verb: "UID EXPUNGE"})
}

// SetFlags implements [target.MessageChanges].
func (s *session) SetFlags(ctx context.Context, name string, uids []uint32, add, remove []string) error {
	if len(uids) == 0 {
		return nil
	}
	v, err := s.selectMailbox(ctx, "SELECT", name, "r", storeTime)
	if err != nil {
		return err
	}
	has := v.entry.acl.rights(s.user, v.entry.owner())
	changed := false
	for _, change := range [][2][]string{{add, nil}, {nil, remove}} {
		if len(change[0])+len(change[1]) == 0 {
			continue
		}
		add, remove := permitted(change[0], has), permitted(change[1], has)
		if len(add)+len(remove) == 0 {
			denied := no(request{verb: "UID STORE"}, "", textDenied)
			if changed { // two commands: what became of both is in doubt
				return fmt.Errorf("in parts, of which the first is done: %v", denied)
			}
			return denied
		}
		if !v.folder.knows(add) {
			if err := s.writesHeader(request{verb: "UID STORE"}); err != nil {
				return err
			}
		}
		s.store(&v, uids, add, remove)
		v.changed = v.changed && !s.pair.planted.Is(canary.FlagsUnlogged)
		v.leave()
		changed = true
	}
	s.pair.tracef("%s set flags of UIDs %v in %s: +%v -%v", s.name, uids, v.entry.name, add, remove)
	return s.done(ctx, request{verb: "UID STORE"})
}

// permitted returns those of the flags that the rights allow to be changed: each
// kind has a right of its own, and others are passed over (RFC 4314, section 4).
func permitted(flags []string, rights string) []string {
	return slices.DeleteFunc(slices.Clone(flags), func(flag string) bool {
		needed := "w"
		switch strings.ToLower(flag) {
		case `\seen`:
			needed = "s"
		case `\deleted`:
			needed = "t"
		}
		return !strings.Contains(rights, needed)
	})
}

// Copy implements [target.MessageChanges].
func (s *session) Copy(ctx context.Context, name string, uids []uint32, to string) error {
	return s.toldCopy(ctx, request{verb: "UID COPY"}, name, uids, to, false)
}

// Move implements [target.MessageChanges].
func (s *session) Move(ctx context.Context, name string, uids []uint32, to string) error {
	return s.toldCopy(ctx, request{verb: "UID MOVE"}, name, uids, to, true)
}

// toldCopy is a copy of which the user hears what was copied, or hears nothing.
func (s *session) toldCopy(ctx context.Context, command request, name string, uids []uint32, to string, move bool) error {
	copied, err := s.copy(ctx, command, name, uids, to, move)
	if err == nil && len(uids) > 0 && !copied.told() {
		return &target.UntoldCopyError{Command: command.verb}
	}
	return err
}

func (s *session) copy(ctx context.Context, command request, name string, uids []uint32, to string, move bool) (Copied, error) {
	if len(uids) == 0 {
		return Copied{}, nil
	}
	selected, err := s.selectMailbox(ctx, "SELECT", name, "r", copyTime)
	if err != nil {
		return Copied{}, err
	}
	source := &selected
	if e := s.disk.list.find(s.internal(to)); e == nil || e.kind != entryMail {
		return Copied{}, s.tryCreate(no(command, "", textNonexistent), to)
	}
	if move && !source.entry.acl.allows(s.user, source.entry.owner(), 'e') {
		return Copied{}, no(command, "", textDenied)
	}
	records := source.liveOnes(uids)
	if len(records) == 0 {
		return Copied{}, s.done(ctx, command)
	}
	destination := source
	if s.internal(to) != source.entry.name {
		opened, err := s.open(command, to, "i")
		if err != nil {
			return Copied{}, s.tryCreate(err, to)
		}
		destination = &opened
	}
	if err := s.fits(command, source, destination, records, move); err != nil {
		return Copied{}, err
	}
	copied := Copied{Silent: !destination.entry.acl.allows(s.user, destination.entry.owner(), 'r'), UIDValidity: destination.index().uidValidity, To: s.transfer(source, destination, records, move)}
	for _, r := range records {
		copied.From = append(copied.From, r.uid)
	}
	s.pair.tracef("%s: %s of UIDs %v from %s to %s as %v", s.name, command, uids, source.entry.name, destination.entry.name, copied.To)
	return copied, s.done(ctx, command)
}

// transfer copies messages, or moves them, and returns their new UIDs.
func (s *session) transfer(source, destination *visit, records []record, move bool) []uint32 {
	copied := s.copyInto(destination, source, records)
	destination.leaveAppended()
	if move && !s.pair.planted.Is(canary.MoveLeavesOriginal) {
		for _, r := range records {
			if !r.has(`\Deleted`) {
				r.flags = source.folder.flags(append(slices.Clone(r.flags), `\Deleted`))
			}
			source.expunge(r)
		}
		source.leave()
	}
	if destination == source {
		s.tellRecent(source) // the session has it selected, and is told of the copies
	}
	s.log("DOUBLEMAILBOX", source.entry.name, destination.entry.name)
	return copied
}

// liveOnes returns the messages that are there of those, in order.
func (v *visit) liveOnes(uids []uint32) []record {
	var records []record
	for _, uid := range sorted(uids) {
		if r := v.index().live(uid); r != nil {
			records = append(records, *r)
		}
	}
	return records
}

// fits refuses copies for which the destination has no room, or of files that
// are gone.
func (s *session) fits(command request, source, destination *visit, records []record, move bool) error {
	var bytes int64
	for _, r := range records {
		bytes += int64(r.size)
		if there, ok := source.folder.files.at[r.uid]; !ok || there.denied {
			return no(command, "", textIOError)
		}
	}
	if destination.future() {
		return s.dieOfFuture(command, destination, source.folder.files.at[records[0].uid].body)
	}
	if sameRoot := source.folder.quotaRoot == destination.folder.quotaRoot; move && sameRoot {
		return nil
	}
	if s.overQuota(destination, bytes) {
		return no(command, s.pair.version.overQuotaCode, textOverQuota)
	}
	return nil
}

// copyInto appends copies with their dates, files, and those of their flags that
// the user may give them, and returns their UIDs.
func (s *session) copyInto(v, source *visit, records []record) []uint32 {
	uids := make([]uint32, len(records))
	var seen []uint32
	for i, r := range records {
		s.readsCache(source, r.uid)
		uids[i] = v.index().lastUID + 1
		v.folder.files.put(uids[i], source.folder.files.at[r.uid])
		flags, ownSeen := s.given(v, s.flagsOf(source, r))
		if ownSeen {
			seen = append(seen, uids[i])
		}
		if s.pair.planted.Is(canary.CopyLosesKeywords) {
			flags = slices.DeleteFunc(flags, func(flag string) bool { return !strings.HasPrefix(flag, `\`) })
		}
		copied := r
		copied.uid, copied.flags, copied.saveDate, copied.lastUpdated = uids[i], v.folder.flags(flags), v.now(), v.now()
		copied.modSeq = v.nextModSeq()
		v.index().write(copied)
		v.touch(copied)
	}
	if len(seen) > 0 {
		s.setSeen(v, s.seen(v).with(true, seen...))
	}
	return uids
}

// sorted returns UIDs in order, each once.
func sorted(uids []uint32) []uint32 {
	if slices.IsSorted(uids) {
		return slices.Compact(slices.Clone(uids))
	}
	return slices.Compact(slices.Sorted(slices.Values(uids)))
}
