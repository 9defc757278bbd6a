package restore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Restorer decides what has to be brought back. It plans; [Apply] acts.
type Restorer interface {
	Name() string
	// Doc says in one line what it brings back, and what it does not care for.
	Doc() string
	// Plan turns the evidence into a restore plan and changes nothing.
	Plan(ctx context.Context, scene Scene) (Plan, error)
}

// Scene is what a restorer works with.
type Scene struct {
	Freeze *Freeze
	// Seen is what the serving server has, where that was read a moment ago: an action is
	// held against the server once more before it is done. Nil: it is read.
	Seen     *FrozenSide
	Findings []detect.Finding
	Accounts []string
	// Rescued holds what may be missing; Serving is where the users are.
	Rescued, Serving target.Server
	Executor         target.Executor
	Clock            target.Clock
	// Other is the other server of the pair, to which accounts may be sent; nil: none.
	Other target.Server
	// Operator is for repairs that no user can make.
	Operator target.Operator
	// Sync opens conversations by the sync protocol, by which messages keep their UIDs.
	// Nil: there are none, and all that comes back gets new ones.
	Sync target.SyncDialer
	// Role says what a server does in its pair: to one that is still in it,
	// replication could carry what a restore does. Nil: none is.
	Role func(target.ServerName) target.Role
}

// Plan is what a restore will do. It can be reviewed before it is applied.
type Plan struct {
	Restorer string   `json:"restorer"`
	Policy   Policy   `json:"policy,omitempty"` // by which doubtful cases were settled; empty: [PolicyRestore]
	Saw      []Sight  `json:"saw,omitempty"`    // all mailboxes of the accounts in which something is to be done
	Actions  []Action `json:"actions"`          // in the order of accounts, mailboxes, UIDs
}

// Sight is what a plan saw of a mailbox on the serving server. Whatever has a UID
// above has come since.
type Sight struct {
	Account     string `json:"account"`
	Mailbox     string `json:"mailbox"`
	UniqueID    string `json:"uniqueid"`
	UIDValidity uint32 `json:"uidvalidity"`
	LastUID     uint32 `json:"last_uid"`
}

// Act is a kind of action.
type Act string

const (
	// Copy appends a message of the rescued store on the serving server, with
	// its flags and INTERNALDATE. It gets a new UID.
	Copy Act = "copy"
	// PutBack puts a message of the rescued store back under the UID that it had,
	// by the sync protocol, where no client can have seen that UID as free.
	PutBack Act = "put-back"
	// Remake makes a mailbox again by the sync protocol, with its unique ID,
	// UIDVALIDITY, rights, annotations and tombstones. Its mail is put back.
	Remake Act = "remake"
	// Expunge removes a message on the serving server that its user had
	// expunged on the old master.
	Expunge Act = "expunge"
	// ExpungeDamaged removes a message on the serving server whose bytes are not what was
	// recorded, once a sound copy of it stands in its mailbox.
	ExpungeDamaged Act = "expunge-damaged"
	// Flag adds and removes flags of a message.
	Flag Act = "flag"
	// Create makes a mailbox, Rename gives one the name that its user had given
	// it, Delete removes one that its user had deleted.
	Create Act = "create"
	Rename Act = "rename"
	Delete Act = "delete"
	// Subscribe and Unsubscribe change the user's list of mailboxes.
	Subscribe   Act = "subscribe"
	Unsubscribe Act = "unsubscribe"
	// SetACL, SetAnnotation and SetQuota set single values.
	SetACL        Act = "set-acl"
	SetAnnotation Act = "set-annotation"
	SetQuota      Act = "set-quota"
	// PutScript stores a sieve script, which compiles it; Activate makes it, or
	// none, the active one; DeleteScript removes one.
	PutScript    Act = "put-script"
	Activate     Act = "activate-script"
	DeleteScript Act = "delete-script"
	// Reconstruct rebuilds a mailbox that cannot be opened.
	Reconstruct Act = "reconstruct"
	// Resync sends an account anew from the serving server to its replica, which is
	// emptied of it before.
	Resync Act = "resync"
	// Keep does nothing: what the plan would do has been done, or must not be.
	Keep Act = "keep"
)

// Acts returns the kinds of actions in the order of the documentation.
func Acts() []Act {
	return []Act{
		Copy, PutBack, Expunge, ExpungeDamaged, Flag, Remake, Create, Rename, Delete, Subscribe, Unsubscribe, SetACL, SetAnnotation, SetQuota,
		PutScript, Activate, DeleteScript, Reconstruct, Resync, Keep,
	}
}

// sights returns what a snapshot shows of an account's mailboxes, where there is
// anything to be done in it.
func sights(now target.Snapshot, actions []Action) []Sight {
	if !slices.ContainsFunc(actions, func(a Action) bool { return a.Act != Keep }) {
		return nil
	}
	seen := make([]Sight, len(now.Mailboxes))
	for i, m := range now.Mailboxes {
		seen[i] = Sight{now.Account, m.Name, m.UniqueID, m.UIDValidity, m.LastUID}
	}
	return seen
}

// Action is one step of a restore. What does not apply to its Act is zero.
type Action struct {
	Act     Act    `json:"act"`
	Account string `json:"account"`
	Mailbox string `json:"mailbox,omitempty"` // on the serving server
	From    string `json:"from,omitempty"`    // the mailbox on the rescued store, for Copy, PutBack and Remake
	To      string `json:"to,omitempty"`      // the new name, for Rename
	// UID is the message's on the rescued store for Copy, PutBack and Keep, on the
	// serving server for PutBack, Expunge, Flag, and where it is about flags.
	UID          uint32    `json:"uid,omitempty"`
	GUID         string    `json:"guid,omitempty"`
	Size         uint32    `json:"size,omitempty"` // bytes, of a message to be copied
	Flags        []string  `json:"flags,omitempty"`
	InternalDate time.Time `json:"internaldate,omitzero"`
	Add          []string  `json:"add,omitempty"`    // flags
	Remove       []string  `json:"remove,omitempty"` // flags
	// Name is an identifier of an ACL, an annotation's entry, or a script;
	// Value what it is set to, empty to take it away. Of Remake they are the
	// mailbox's unique ID and its UIDVALIDITY; of Resync the server that is sent to.
	// A script's source is in
	// neither plan nor report: it is read from the rescued store once more.
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
	// Was is what the plan saw of what it sets: a value, or a script's digest. It
	// is changed only as long as it is that.
	Was string `json:"was,omitempty"`
	Why string `json:"why"`
	// Doubtful: the evidence does not tell whether the user had deleted the
	// message. It stays, or is restored, all the same: a double is better than
	// a loss. Where it is about flags, the evidence does not tell whether the user
	// wants them so; they stay as they are.
	Doubtful bool `json:"doubtful,omitempty"`
}

// bringsMail says whether the action brings a message of the rescued store.
func (a Action) bringsMail() bool { return a.Act == Copy || a.Act == PutBack }

// AboutFlags says whether the action is about flags of a message, and not about
// the message itself.
func (a Action) AboutFlags() bool { return len(a.Add)+len(a.Remove) > 0 }

func (a Action) String() string {
	text := string(a.Act)
	if a.UID != 0 {
		text += fmt.Sprintf(" UID %d (%.8s) in", a.UID, a.GUID)
	}
	for _, part := range []string{a.Mailbox, a.Name} {
		if part != "" {
			text += " " + part
		}
	}
	text += fmt.Sprintf(" of %s", a.Account)
	for _, flag := range a.Add {
		text += " +" + flag
	}
	for _, flag := range a.Remove {
		text += " -" + flag
	}
	text += ": " + a.Why
	if a.Doubtful {
		text += " [doubtful]"
	}
	return text
}

// Count returns the number of actions of that kind.
func (p Plan) Count(act Act) int {
	n := 0
	for _, a := range p.Actions {
		if a.Act == act {
			n++
		}
	}
	return n
}

// All returns the restorers, in the order of the documentation.
func All() []Restorer {
	return []Restorer{
		RebuildMailboxes{}, RestoreMailboxes{}, ReplaceDamaged{}, CopyMissing{}, CarryExpunges{}, MergeFlags{}, MergeSettings{}, RestoreScripts{},
		Everything{}, ResyncAccounts{}, CopyEverything{},
	}
}

// ByName returns the restorer of that name.
func ByName(name string) (Restorer, bool) {
	for _, r := range All() {
		if r.Name() == name {
			return r, true
		}
	}
	return nil, false
}

// WithoutRescued says whether the restorer needs no rescued store: it repairs
// what the serving server has.
func WithoutRescued(r Restorer) bool {
	switch r.(type) {
	case RebuildMailboxes, ResyncAccounts:
		return true
	}
	return false
}
