package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// session is one IMAP session.
type session struct {
	*server
	user   string
	life   int // of the server, when it was opened
	closed bool
	dead   bool // imapd has died of what it was asked for
}

var (
	_ target.Session      = (*session)(nil)
	_ target.BodyDigester = (*session)(nil)

	_ target.CreationTeller = (*session)(nil)
)

// request is what a client asks for. It is written down for who is told what became of it.
type request struct{ verb, of string }

func (r request) String() string {
	if r.of == "" {
		return r.verb
	}
	return r.verb + " " + r.of
}

// do lets one command take about d, until just before its effect.
func (s *session) do(ctx context.Context, command request, d time.Duration) error {
	if s.closed {
		return fmt.Errorf("%s: the session is closed", command)
	}
	if s.dead {
		return &target.UnreachableError{Server: s.name, Service: string(serviceIMAP), Err: errConnectionLost}
	}
	if err := s.stillUp(s.life, command); err != nil {
		return &target.UnreachableError{Server: s.name, Service: string(serviceIMAP), Err: err}
	}
	s.dead = s.disk.list.unreadable
	return s.work(ctx, s.life, serviceIMAP, command, d)
}

// end lets the answer to a command travel.
func (s *session) done(ctx context.Context, command request) error {
	return s.answer(ctx, s.life, serviceIMAP, command)
}

// no is what the server refuses a command with.
func no(command request, code, text string) error {
	return &target.RefusedError{Command: command.String(), Status: "NO", Code: code, Text: text}
}

// writable refuses where nothing can be written to the disk that holds mail.
func (s *server) writable(command request) error {
	if s.disk.readOnly {
		s.cannotWrite(string(serviceIMAP))
		return no(command, "", textIOError)
	}
	return nil
}

// internal returns the internal name of what the user calls so.
func (s *session) internal(name string) string { return s.disk.list.internal(s.user, name) }

// lookUp returns a mailbox to which the user has these rights.
func (s *session) lookUp(command request, name, rights string) (*entry, error) {
	e := s.disk.list.find(s.internal(name))
	if e == nil || e.kind != entryMail {
		return nil, no(command, "", textNonexistent)
	}
	return e, s.allowed(command, e, rights)
}

// allowed refuses what the user has no right to; who may not even know of the
// mailbox is told that there is none.
func (s *session) allowed(command request, e *entry, rights string) error {
	owner := e.owner()
	for _, right := range rights {
		switch {
		case s.pair.planted.Is(canary.RightsIgnored):
		case e.acl.allows(s.user, owner, right):
		case e.acl.allows(s.user, owner, 'l'):
			return no(command, "", textDenied)
		default:
			return no(command, "", textNonexistent)
		}
	}
	return nil
}

// open returns a mailbox whose index can be read.
func (s *session) open(command request, name, rights string) (visit, error) {
	e, err := s.lookUp(command, name, rights)
	if err != nil {
		return visit{}, err
	}
	v := s.visitTo(e)
	if text := v.refusal(string(serviceIMAP)); text != "" {
		return visit{}, no(command, "", text)
	}
	return v, nil
}

// trouble says why the mailbox cannot be opened, in Cyrus's words.
func (v *visit) trouble() string {
	switch {
	case v.folder == nil || v.index().state == indexGone || v.index().state == indexEmpty:
		return textIOError
	case v.index().state == indexCut:
		return textBadFormat
	}
	return ""
}

// selectMailbox opens a mailbox and goes through its records. Of one whose
// checksum does not hold imapd dies. Only then it looks whether the user may do so at
// all: what is noted of recent messages is noted for whoever tries.
func (s *session) selectMailbox(ctx context.Context, verb, name, rights string, d time.Duration) (visit, error) {
	command := request{verb, name}
	if err := s.do(ctx, command, d); err != nil {
		return visit{}, err
	}
	v, err := s.open(command, name, "")
	if err == nil && verb == "SELECT" {
		err = s.writable(command) // EXAMINE opens the index to read alone
	}
	if err != nil {
		return visit{}, err
	}
	if v.index().rotten() {
		s.dead = true
		s.fatal(serviceIMAP, fatalRecord)
		return visit{}, &target.RefusedError{Command: command.String(), Status: "BYE", Text: fatalRecord}
	}
	if v.entry.owner() != s.user && s.disk.account(s.user).seenBroken {
		s.dead = true
		s.fatal(serviceIMAP, fatalSeen)
		return visit{}, &target.RefusedError{Command: command.String(), Status: "BYE", Text: fatalSeen}
	}
	if verb == "SELECT" {
		s.tellRecent(&v)
	}
	return v, s.allowed(command, v.entry, rights)
}

const fatalSeen = "Fatal error: Internal error: assertion failed: lib/cyrusdb_twoskip.c"

const fatalRecord = "Fatal error: Internal error: assertion failed: imap/message.c: 4267: !message_need(m, M_RECORD)"

// List implements [target.Session].
func (s *session) List(ctx context.Context) ([]string, error) {
	if err := s.do(ctx, request{verb: "LIST"}, readTime); err != nil {
		return nil, err
	}
	return slices.Clone(s.disk.list.visibleTo(s.user)), nil
}

// Records implements [target.Session].
func (s *session) Records(ctx context.Context, name string) ([]target.Record, error) {
	v, err := s.selectMailbox(ctx, "EXAMINE", name, "r", readTime)
	if err != nil {
		return nil, err
	}
	if s.owns(&v) {
		return v.index().viewLive(), nil
	}
	exist, _ := v.index().exists()
	records := make([]target.Record, 0, exist)
	for _, r := range v.index().records {
		if !r.expunged {
			told := r.view()
			told.Flags = s.flagsOf(&v, r)
			records = append(records, told)
		}
	}
	return records, nil
}

// CreatedModSeqs implements [target.CreationTeller].
func (s *session) CreatedModSeqs(ctx context.Context, name string, uids []uint32) (map[uint32]uint64, error) {
	v, err := s.selectMailbox(ctx, "EXAMINE", name, "r", readTime)
	if err != nil {
		return nil, err
	}
	created := make(map[uint32]uint64, len(uids))
	for _, uid := range uids {
		if r := v.index().live(uid); r != nil {
			created[uid] = r.createdModSeq
		}
	}
	return created, s.done(ctx, request{"UID FETCH", name})
}

// Header implements [target.Session].
func (s *session) Header(ctx context.Context, name, field string, uids []uint32) (map[uint32]string, error) {
	v, err := s.selectMailbox(ctx, "EXAMINE", name, "r", readTime)
	if err != nil {
		return nil, err
	}
	exist, _ := v.index().exists()
	if uids != nil {
		exist = len(uids)
	}
	values := make(map[uint32]string, exist)
	add := func(r *record) {
		if value, ok := v.folder.given(listing{r.uid, r.size}).field(field); ok {
			values[r.uid] = value
		}
	}
	if uids == nil {
		for i := range v.index().records {
			if r := &v.index().records[i]; !r.expunged {
				add(r)
			}
		}
	}
	for _, uid := range uids {
		if r := v.index().live(uid); r != nil {
			add(r)
		}
	}
	return values, nil
}

// Bodies implements [target.Session].
func (s *session) Bodies(ctx context.Context, name string, uids []uint32, each func(uint32, []byte) error) error {
	return s.bodies(ctx, name, uids, func(uid uint32, given file) error { return each(uid, given.body) })
}

// DigestedBodies implements [target.BodyDigester].
func (s *session) DigestedBodies(ctx context.Context, name string, uids []uint32, each func(uint32, []byte, string) error) error {
	return s.bodies(ctx, name, uids, func(uid uint32, given file) error {
		if given.body == nil {
			return each(uid, nil, target.NoBody)
		}
		return each(uid, given.body, given.sha1())
	})
}

// bodies passes what the user gets of each message: as many bytes as the index
// says, filled up with blanks where the file is shorter, and nil where there is
// no file.
func (s *session) bodies(ctx context.Context, name string, uids []uint32, each func(uint32, file) error) error {
	v, err := s.selectMailbox(ctx, "EXAMINE", name, "r", readTime)
	if err != nil {
		return err
	}
	for _, listed := range v.listed(uids) {
		s.readsCache(&v, listed.uid)
		if err := each(listed.uid, v.folder.given(listed)); err != nil {
			return err
		}
	}
	return nil
}

// readsCache complains of a cache that does not tell of a message, and from which it would
// be told what the message is made of. Then the file is read.
func (s *session) readsCache(v *visit, uid uint32) {
	if v.folder.uncached[uid] {
		s.logf("%s: IOERROR: offset greater than cache size", serviceIMAP)
	}
}

// listing is what an index says of a message that is to be read.
type listing struct{ uid, size uint32 }

// listed returns the messages of these UIDs, nil for all, as they are now: while
// they are read, others may change the mailbox.
func (v *visit) listed(uids []uint32) []listing {
	var found []listing
	if uids != nil {
		for _, uid := range sorted(uids) {
			if r := v.index().live(uid); r != nil {
				found = append(found, listing{r.uid, r.size})
			}
		}
		return found
	}
	records := v.index().records
	exist, _ := v.index().exists()
	found = make([]listing, 0, exist)
	for i := range records {
		if r := &records[i]; !r.expunged {
			found = append(found, listing{r.uid, r.size})
		}
	}
	return found
}

// given is what a client gets of a message file.
func (f *folder) given(r listing) file {
	there, ok := f.files.at[r.uid]
	switch {
	case !ok || there.denied || len(there.body) == 0:
		return file{}
	case len(there.body) == int(r.size):
		return there
	}
	shown := make([]byte, r.size)
	for i := copy(shown, there.body); i < len(shown); i++ {
		shown[i] = ' '
	}
	return file{body: shown, date: there.date}
}

// Status implements [target.MailboxChanges]. It reads the index's header alone.
func (s *session) Status(ctx context.Context, name string) (target.Counters, error) {
	command := request{"STATUS", name}
	if err := s.do(ctx, command, readTime); err != nil {
		return target.Counters{}, err
	}
	v, err := s.open(command, name, "r")
	if err != nil {
		return target.Counters{}, err
	}
	x := v.index()
	exist, _ := x.exists()
	return target.Counters{Messages: uint32(exist + x.ghosts), UIDValidity: x.uidValidity, UIDNext: x.lastUID + 1, HighestModSeq: x.highestModSeq}, nil
}

// Close implements [target.Session].
func (s *session) Close() error {
	s.closed = true
	return nil
}
