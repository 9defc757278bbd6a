package traffic

import "github.com/cyrdrill/cyrdrill/harness/target"

// shownAt returns the message that a user found in a mailbox. A new master that
// has not heard of its expunge, or of its move, shows it where it was; whoever
// copies it from there wants it there. Its flags are then as that server had
// them, which nothing tells but what its user has set there since.
func (r *replay) shownAt(e Entry) *Message {
	if m := r.at[place{e.Account, e.Mailbox, e.Marker}]; m != nil {
		return m
	}
	if m := r.shown[place{e.Account, e.Mailbox, e.Marker}]; m != nil {
		return m
	}
	gone, taken := r.gone[place{e.Account, e.Mailbox, e.Marker}]
	if !taken || gone.server == e.Server {
		return nil
	}
	again := *gone.message
	again.Flags = map[string]Value[bool]{}
	for flag, value := range gone.message.Flags {
		again.Flags[flag] = value.set(true, target.InDoubt).set(false, target.InDoubt)
	}
	return &again
}
