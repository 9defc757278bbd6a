package traffic

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func (r *replay) addBox(account, name string, made target.Outcome) {
	m := &Mailbox{Account: account, Name: name, Made: made, ACL: map[string]Value[string]{}, Annotations: map[string]Value[string]{}}
	r.all[account] = append(r.all[account], m)
	if made != target.Refused {
		r.boxes[box{account, name}] = m
	}
}

// current returns what the mailbox is called by now that the entry's server
// calls so. A mailbox that was renamed on the old master has its old name on a
// new one that has not heard of it. One that was deleted there, and into which
// mail is put here, lives again.
func (r *replay) current(e Entry, name string, filled bool) string {
	if name == "" {
		return ""
	}
	asked := name
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
		return r.revive(e, at, asked)
	}
	return name
}

// revive notes that a mailbox which was deleted on another server is used on this
// one, which has heard neither of that nor of a name that it was given there before.
// It is called as it is here, and lives where the one above it does by now, which lives
// again with it.
func (r *replay) revive(e Entry, at box, asked string) string {
	name := r.inParent(e, asked)
	r.addBox(e.Account, name, target.Acknowledged)
	if name != asked {
		r.moved[box{e.Account, asked}] = elsewhere{r.removed[at], name}
	}
	if name != at.mailbox {
		r.renameTraces(at, name)
	}
	return name
}

// inParent returns what a mailbox is called by now that the entry's server calls so,
// where it is only the ones above it that may have another name.
func (r *replay) inParent(e Entry, name string) string {
	i := strings.LastIndex(name, "/")
	if i < 0 {
		return name
	}
	return r.current(e, name[:i], true) + name[i:]
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

// renameMessages renames the mailbox of messages, also of those that are not in it any
// more: whoever asks where they were asks by its name.
func (r *replay) renameMessages(at box, to string, outcome target.Outcome) {
	for _, m := range r.messages {
		if m.Account != at.account || m.Mailbox != at.mailbox {
			continue
		}
		key := place{m.Account, m.Mailbox, m.Marker}
		there := r.at[key] == m
		if outcome != target.InDoubt {
			m.Mailbox = to
		}
		switch {
		case !there:
		case outcome == target.InDoubt:
			m.OrIn = to
		default:
			delete(r.at, key)
			r.at[place{m.Account, to, m.Marker}] = m
		}
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
