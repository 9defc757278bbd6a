package traffic

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// replay turns the ledger's entries, one after the other, into what they
// promise. Operations that overlapped in time are not told apart: traffic sends
// one at a time for each account. Maps that it hands out in messages, mailboxes
// and accounts are never changed in place, but replaced.
type replay struct {
	messages []*Message
	named    map[string][]*Message // by marker, the one that was sent before its copies
	at       map[place]*Message    // those that are where their user put them
	accounts map[string]*Account
	order    []string
	boxes    map[box]*Mailbox // those that have not been deleted
	all      map[string][]*Mailbox
	// moved and removed tell of renames and deletions on a server, so that what
	// users do on another one, which has not heard of them, is understood.
	moved   map[box]elsewhere
	removed map[box]string
	// gone are messages that were taken away from where they were. One that lies in
	// another mailbox as well, or is taken away there too, is another one.
	gone map[place]takenAway
	// shown are messages that a new master still shows where they no longer are,
	// and that their user has flagged there.
	shown map[place]*Message
	// fresh are the messages that were put somewhere since any mailbox was renamed or
	// deleted last.
	fresh map[*Message]bool
	sightings
}

// elsewhere is the name that a mailbox got on a server.
type elsewhere struct{ server, name string }

// takenAway is a message, and the server that took it away.
type takenAway struct {
	server  string
	message *Message
}

// place is one message in one mailbox.
type place struct{ account, mailbox, marker string }

type box struct{ account, mailbox string }

func newReplay(read map[string]Sighting) *replay {
	return &replay{
		named: map[string][]*Message{}, at: map[place]*Message{}, accounts: map[string]*Account{},
		boxes: map[box]*Mailbox{}, all: map[string][]*Mailbox{},
		moved: map[box]elsewhere{}, removed: map[box]string{}, gone: map[place]takenAway{}, shown: map[place]*Message{}, fresh: map[*Message]bool{},
		sightings: sightings{read: read, used: map[string]use{}},
	}
}

func (r *replay) account(name string) *Account {
	if a, ok := r.accounts[name]; ok {
		return a
	}
	a := &Account{
		Name: name, Subscriptions: map[string]Value[bool]{}, QuotaKiB: Exactly(int64(target.NoQuota)),
		Scripts: map[string]Value[string]{}, Active: Exactly(""),
	}
	r.accounts[name], r.order = a, append(r.order, name)
	r.addBox(name, Inbox, target.Acknowledged)
	return a
}

// tell returns what is promised of an account.
func (r *replay) tell(name string) Account {
	a := *r.account(name)
	for _, m := range r.all[name] {
		a.Mailboxes = append(a.Mailboxes, *m)
	}
	return a
}

func (r *replay) addBox(account, name string, made target.Outcome) {
	m := &Mailbox{Account: account, Name: name, Made: made, ACL: map[string]Value[string]{}, Annotations: map[string]Value[string]{}}
	r.all[account] = append(r.all[account], m)
	if made != target.Refused {
		r.boxes[box{account, name}] = m
	}
}

// outcome is what is known of an entry; one without an answer is in doubt.
func (e Entry) outcome() target.Outcome {
	if e.Outcome == "" {
		return target.InDoubt
	}
	return e.Outcome
}

func (r *replay) apply(e Entry) {
	account, asked := r.account(e.Account), e.Mailbox
	e.Mailbox = r.current(e, e.Mailbox, e.makesMessage())
	if e.Op == OpCopy || e.Op == OpMove {
		e.To = r.current(e, e.To, true)
	}
	switch e.Op {
	case OpDeliver, OpAppend:
		r.store(e)
	case OpFlag:
		r.flag(e)
	case OpCopy:
		r.copy(e)
	case OpMove:
		r.move(e)
	case OpExpunge:
		r.takeAway(e, e.Marker)
	case OpCreate:
		if _, there := r.boxes[box{e.Account, e.Mailbox}]; !there {
			r.addBox(e.Account, e.Mailbox, e.outcome())
		}
	case OpRename:
		clear(r.fresh)
		r.rename(e)
	case OpDelete:
		clear(r.fresh)
		r.deleteBox(e)
	case OpSubscribe, OpUnsubscribe:
		// A subscription is to a name, and does not follow a mailbox that is renamed.
		account.Subscriptions = with(account.Subscriptions, asked, e.Op == OpSubscribe, e.outcome())
	case OpSetACL:
		if m := r.boxes[box{e.Account, e.Mailbox}]; m != nil {
			m.ACL = with(m.ACL, e.Name, e.Value, e.outcome())
		}
	case OpSetAnnotation:
		if m := r.boxes[box{e.Account, e.Mailbox}]; m != nil {
			m.Annotations = with(m.Annotations, e.Name, e.Value, e.outcome())
		}
	case OpSetQuota:
		limit, err := strconv.ParseInt(e.Value, 10, 64)
		if err != nil {
			limit = target.NoQuota
		}
		account.QuotaKiB = account.QuotaKiB.set(limit, e.outcome())
	case OpPutScript:
		account.Scripts = with(account.Scripts, e.Name, e.Value, e.outcome())
	case OpDeleteScript:
		account.Scripts = with(account.Scripts, e.Name, "", e.outcome())
	case OpActivate:
		account.Active = account.Active.set(e.Name, e.outcome())
	}
}

// current returns what the mailbox is called by now that the entry's server
// calls so. A mailbox that was renamed on the old master has its old name on a
// new one that has not heard of it; one that was deleted there, and into which
// mail is put here, lives again.
func (r *replay) current(e Entry, name string, filled bool) string {
	if name == "" {
		return ""
	}
	for range len(r.moved) + 1 {
		at := box{e.Account, name}
		if _, there := r.boxes[at]; there {
			return name
		}
		moved, ok := r.moved[at]
		if !ok || moved.server == e.Server {
			break
		}
		name = moved.name
	}
	at := box{e.Account, name}
	if server, ok := r.removed[at]; ok && server != e.Server && e.outcome() == target.Acknowledged && filled {
		r.addBox(e.Account, name, target.Acknowledged)
	}
	return name
}

// known returns the value under the key: what nobody has set is zero.
func known[T comparable](values map[string]Value[T], key string) Value[T] {
	if v, ok := values[key]; ok {
		return v
	}
	var zero T
	return Exactly(zero)
}

// with returns the values with one of them asked for.
func with[T comparable](values map[string]Value[T], key string, asked T, outcome target.Outcome) map[string]Value[T] {
	changed := maps.Clone(values)
	changed[key] = known(values, key).set(asked, outcome)
	return changed
}

// store puts a new message where it was seen first, or else where it was to
// go. A delivery that is tried again is the same message.
func (r *replay) store(e Entry) {
	if e.Again && r.again(e) {
		return
	}
	m := &Message{
		Marker: e.Marker, Account: e.Account, Mailbox: e.Mailbox, Stored: e.outcome(), Flags: map[string]Value[bool]{},
		InternalDate: e.InternalDate, Bytes: e.Bytes, SentSHA1: e.SentSHA1, BodySHA1: r.read[e.Marker].BodySHA1, Tries: 1,
		SeenIn: r.shownIn(e.Marker),
	}
	if e.Op == OpDeliver {
		m.Filed = e.Mailbox
		if m.SeenIn != "" {
			m.Mailbox = m.SeenIn
		}
	}
	for _, flag := range e.Flags {
		m.Flags[flag] = Exactly(true)
	}
	r.put(m)
}

// again notes one more delivery of a message, and says whether it was known.
func (r *replay) again(e Entry) bool {
	made := r.named[e.Marker]
	if len(made) == 0 {
		return false
	}
	m := made[0]
	m.DoubtfulTry = m.DoubtfulTry || m.Stored == target.InDoubt
	m.Stored = stronger(m.Stored, e.outcome())
	m.Tries++
	return true
}

func (r *replay) put(m *Message) {
	r.messages, r.fresh[m] = append(r.messages, m), true
	r.named[m.Marker] = append(r.named[m.Marker], m)
	if m.Stored != target.Refused {
		r.at[place{m.Account, m.Mailbox, m.Marker}] = m
	}
}

func (r *replay) flag(e Entry) {
	at := place{e.Account, e.Mailbox, e.Marker}
	m := r.at[at]
	if m == nil {
		// No promise yet, but what is copied from here has these flags.
		if m = r.shownAt(e); m == nil {
			return
		}
		r.shown[at] = m
	}
	for _, flag := range e.Add {
		m.Flags = with(m.Flags, flag, true, e.outcome())
	}
	for _, flag := range e.Remove {
		m.Flags = with(m.Flags, flag, false, e.outcome())
	}
}

// copy makes a second promise of the same message.
func (r *replay) copy(e Entry) *Message {
	source := r.shownAt(e)
	if source == nil || e.outcome() == target.Refused {
		return nil
	}
	copied := *source
	copied.Mailbox, copied.OrIn, copied.Expunged = e.To, "", ""
	copied.Filed, copied.SeenIn, copied.DoubtfulTry = "", "", false
	copied.Stored = weaker(source.Stored, e.outcome())
	if there := r.at[place{e.Account, e.To, e.Marker}]; there != nil {
		there.Stored = stronger(there.Stored, copied.Stored)
		return nil
	}
	r.put(&copied)
	return &copied
}

// move is a copy that takes the first one away. Where that is in doubt, the
// message is in one of the two mailboxes.
func (r *replay) move(e Entry) {
	at := place{e.Account, e.Mailbox, e.Marker}
	source := r.at[at]
	moved := r.copy(e)
	if source == nil {
		if e.outcome() == target.Acknowledged {
			delete(r.shown, at)
		}
		return
	}
	if e.outcome() != target.InDoubt {
		r.takeAway(e, e.Marker)
		return
	}
	source.OrIn = e.To
	if moved != nil {
		moved.Expunged = target.InDoubt // not a promise of its own
	}
}

// takeAway notes that an operation on its mailbox has taken the message away.
func (r *replay) takeAway(e Entry, marker string) {
	at := place{e.Account, e.Mailbox, marker}
	m := r.at[at]
	if m == nil {
		if e.outcome() == target.Acknowledged {
			delete(r.shown, at)
		}
		return
	}
	m.Expunged = stronger(m.Expunged, e.outcome())
	if e.outcome() == target.Acknowledged {
		delete(r.at, at)
		r.gone[at] = takenAway{e.Server, m}
	}
}

// rename gives a mailbox and those below it another name, and its messages with
// it; subscriptions stay as they are.
func (r *replay) rename(e Entry) {
	if e.outcome() == target.Refused {
		return
	}
	for _, at := range r.boxesBelow(e.Account, e.Mailbox) {
		m, to := r.boxes[at], e.To+at.mailbox[len(e.Mailbox):]
		if e.outcome() == target.InDoubt {
			m.OrName = to
		} else {
			m.Name = to
			delete(r.boxes, at)
			r.moved[at] = elsewhere{e.Server, to}
			r.boxes[box{at.account, to}] = m
		}
		r.renameMessages(at, to, e.outcome())
		if e.outcome() == target.Acknowledged {
			r.renameTraces(at, to)
		}
	}
}

func (r *replay) renameMessages(at box, to string, outcome target.Outcome) {
	for _, m := range r.messages {
		key := place{m.Account, m.Mailbox, m.Marker}
		if m.Account != at.account || m.Mailbox != at.mailbox || r.at[key] != m {
			continue
		}
		if outcome == target.InDoubt {
			m.OrIn = to
			continue
		}
		delete(r.at, key)
		m.Mailbox = to
		r.at[place{m.Account, to, m.Marker}] = m
	}
}

// renameTraces gives a mailbox's new name to what is known of messages that are
// not in it any more.
func (r *replay) renameTraces(at box, to string) {
	rekey(r.gone, at, to)
	rekey(r.shown, at, to)
}

// rekey moves what is known of messages of one mailbox to another.
func rekey[T any](known map[place]T, at box, to string) {
	for key, value := range known {
		if key.account == at.account && key.mailbox == at.mailbox {
			delete(known, key)
			known[place{key.account, to, key.marker}] = value
		}
	}
}

// boxesBelow returns the mailbox and those below it, in the order of names.
func (r *replay) boxesBelow(account, name string) []box {
	var found []box
	for b := range r.boxes {
		if b.account == account && below(b.mailbox, name) {
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(a, b box) int { return strings.Compare(a.mailbox, b.mailbox) })
	return found
}

func (r *replay) deleteBox(e Entry) {
	at := box{e.Account, e.Mailbox}
	m := r.boxes[at]
	if m == nil {
		return
	}
	m.Deleted = stronger(m.Deleted, e.outcome())
	for _, message := range r.messages {
		if message.Account == e.Account && message.Mailbox == e.Mailbox {
			r.takeAway(e, message.Marker)
		}
	}
	if e.outcome() == target.Acknowledged {
		delete(r.boxes, at)
		r.removed[at] = e.Server
	}
}
