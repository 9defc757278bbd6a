package traffic

import (
	"maps"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// replay turns the ledger's entries, one after the other, into what they
// promise. Operations that overlapped in time are not told apart: traffic sends
// one at a time for each account. Maps that it hands out in messages, mailboxes
// and accounts are never changed in place, but replaced.
type replay struct {
	messages []*Message
	owned    map[string][]*Message // the same by account
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
		owned: map[string][]*Message{}, named: map[string][]*Message{}, at: map[place]*Message{}, accounts: map[string]*Account{},
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
	r.owned[m.Account] = append(r.owned[m.Account], m)
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
