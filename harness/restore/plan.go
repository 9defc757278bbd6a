package restore

import (
	"context"
	"fmt"
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
	Freeze   *Freeze
	Findings []detect.Finding
	Accounts []string
	// Rescued holds the mail that may be missing; Serving is where the users
	// are.
	Rescued, Serving target.Server
}

// Plan is what a restore will do. It can be reviewed before it is applied.
type Plan struct {
	Restorer string   `json:"restorer"`
	Actions  []Action `json:"actions"` // in the order of accounts, mailboxes, UIDs
}

// Act is a kind of action.
type Act string

const (
	// Copy appends a message of the rescued store on the serving server, with
	// its flags and INTERNALDATE. It gets a new UID.
	Copy Act = "copy"
	// Expunge removes a message on the serving server that its user had
	// expunged on the old master.
	Expunge Act = "expunge"
	// Keep does nothing: what the plan would do has been done, or must not be.
	Keep Act = "keep"
)

// Action is one step of a restore, on one message.
type Action struct {
	Act     Act    `json:"act"`
	Account string `json:"account"`
	Mailbox string `json:"mailbox"`        // on the serving server
	From    string `json:"from,omitempty"` // the mailbox on the rescued store, for Copy
	// UID is the message's on the rescued store for Copy and Keep, on the
	// serving server for Expunge.
	UID          uint32    `json:"uid"`
	GUID         string    `json:"guid"`
	Flags        []string  `json:"flags,omitempty"`
	InternalDate time.Time `json:"internaldate,omitzero"`
	Why          string    `json:"why"`
	// Doubtful: the evidence does not tell whether the user had deleted the
	// message. It is restored all the same: a double is better than a loss.
	Doubtful bool `json:"doubtful,omitempty"`
}

func (a Action) String() string {
	text := fmt.Sprintf("%s UID %d (%.8s) in %s of %s: %s", a.Act, a.UID, a.GUID, a.Mailbox, a.Account, a.Why)
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
func All() []Restorer { return []Restorer{CopyMissing{}, CopyEverything{}} }

// ByName returns the restorer of that name.
func ByName(name string) (Restorer, bool) {
	for _, r := range All() {
		if r.Name() == name {
			return r, true
		}
	}
	return nil, false
}
