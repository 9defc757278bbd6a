package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Report is what a restore did.
type Report struct {
	Restorer string `json:"restorer"`
	Copied   int    `json:"copied"`
	Expunged int    `json:"expunged"`
	Kept     int    `json:"kept"`
	// Changed counts what else was done, by kind of action.
	Changed  map[Act]int `json:"changed,omitempty"`
	Doubtful int         `json:"doubtful"` // of those copied or kept
	// Left lists what could not be done, each with the reason.
	Left []Left `json:"left,omitempty"`
}

// InWords says what was done: "3 copied, 1 expunged, 2 rename, 4 kept".
func (r Report) InWords() string {
	parts := []string{fmt.Sprintf("%d copied", r.Copied), fmt.Sprintf("%d expunged", r.Expunged)}
	for _, act := range Acts() {
		if n := r.Changed[act]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, act))
		}
	}
	parts = append(parts, fmt.Sprintf("%d left as they were", r.Kept))
	if r.Doubtful > 0 {
		parts = append(parts, fmt.Sprintf("%d of them doubtful", r.Doubtful))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d could not be done", len(r.Left))), ", ")
}

// Left is an action that was not carried out.
type Left struct {
	Action Action `json:"action"`
	Reason string `json:"reason"`
}

// A batch is appended in one command: large enough that the server's fsyncs
// do not dominate, small enough that it is repeated cheaply.
const (
	batchMessages = 100
	batchBytes    = 4 << 20
)

// Apply carries out a plan, in the order of its actions. Bodies are read from
// the rescued server as its users would get them and are copied only if their
// SHA-1 is the GUID that its index recorded: a damaged message is left and
// reported, never passed on as good. An action that the server refuses is
// reported in Left; any other error ends the restore, and the report says what
// was done until then.
func Apply(ctx context.Context, scene Scene, plan Plan) (Report, error) {
	h := &hands{scene: scene, report: Report{Restorer: plan.Restorer}}
	defer h.letGo()
	for start := 0; start < len(plan.Actions); {
		end := start + 1
		for end < len(plan.Actions) && oneBatch(plan.Actions[start], plan.Actions[end]) {
			end++
		}
		if err := h.apply(ctx, plan.Actions[start:end]); err != nil {
			at := plan.Actions[start]
			return h.report, fmt.Errorf("restoring %s of %s: %w", cmp.Or(at.Mailbox, at.Name, "what belongs to no mailbox"), at.Account, err)
		}
		start = end
	}
	return h.report, nil
}

// oneBatch says whether two actions can be carried out together: both are about
// messages of one mailbox.
func oneBatch(a, b Action) bool {
	together := a.onMessages() && b.onMessages() || a.Act == Flag && b.Act == Flag
	return together && a.Account == b.Account && a.Mailbox == b.Mailbox && a.From == b.From
}

func (a Action) onMessages() bool { return a.Act == Copy || a.Act == Expunge || a.Act == Keep }

// hands carry out actions, with one session for the account at work.
type hands struct {
	scene   Scene
	report  Report
	account string
	session target.Session // nil: none is open
}

// at returns the account's session on the serving server.
func (h *hands) at(ctx context.Context, account string) (target.Session, error) {
	if h.session != nil && h.account == account {
		return h.session, nil
	}
	h.letGo()
	session, err := h.scene.Serving.User().Login(ctx, account)
	if err != nil {
		return nil, err
	}
	h.session, h.account = session, account
	return session, nil
}

func (h *hands) letGo() {
	if h.session != nil {
		_ = h.session.Close() // every answer that counts has been read
		h.session = nil
	}
}

// apply carries out one action, or several on messages of one mailbox.
func (h *hands) apply(ctx context.Context, actions []Action) error {
	if actions[0].Act == Flag {
		return h.flag(ctx, actions)
	}
	if !actions[0].onMessages() {
		return h.change(ctx, actions[0])
	}
	var copies, expunges []Action
	for _, a := range actions {
		switch a.Act {
		case Copy:
			copies = append(copies, a)
		case Expunge:
			expunges = append(expunges, a)
		case Keep:
			h.report.Kept++
			if a.Doubtful {
				h.report.Doubtful++
			}
		}
	}
	if len(copies)+len(expunges) == 0 {
		return nil
	}
	destination, err := h.at(ctx, actions[0].Account)
	if err != nil {
		return err
	}
	if err := copyMessages(ctx, h.scene.Rescued, destination, copies, &h.report); err != nil {
		return err
	}
	return expungeMessages(ctx, destination, expunges, &h.report)
}

// change carries out one action that is not about storing or expunging. A
// server's no is reported, and the restore goes on.
func (h *hands) change(ctx context.Context, a Action) error { return h.answered(h.do(ctx, a), a) }

// answered notes what came of actions that were carried out together.
func (h *hands) answered(err error, actions ...Action) error {
	var left leftAlone
	switch {
	case err == nil:
		if h.report.Changed == nil {
			h.report.Changed = map[Act]int{}
		}
		h.report.Changed[actions[0].Act] += len(actions)
		return nil
	case errors.As(err, &left), target.OutcomeOf(err) == target.Refused && !unreachable(err):
		for _, a := range actions {
			h.report.leave(a, err.Error())
		}
		return nil
	default:
		return err
	}
}

func unreachable(err error) bool {
	var nobody *target.UnreachableError
	return errors.As(err, &nobody)
}

func copyMessages(ctx context.Context, rescued target.Server, destination target.Session, copies []Action, report *Report) error {
	if len(copies) == 0 {
		return nil
	}
	source, err := rescued.User().Login(ctx, copies[0].Account)
	if err != nil {
		return err
	}
	defer source.Close() // it was only read from
	batch := copier{destination: destination, mailbox: copies[0].Mailbox, report: report}
	byUID := map[uint32]Action{}
	for _, a := range copies {
		byUID[a.UID] = a
	}
	uids := make([]uint32, 0, len(copies))
	for _, a := range copies {
		uids = append(uids, a.UID)
	}
	slices.Sort(uids)
	seen := map[uint32]bool{}
	if err := target.DigestedBodies(ctx, source, copies[0].From, uids, func(uid uint32, body []byte, sha1 string) error {
		seen[uid] = true
		return batch.add(ctx, byUID[uid], body, sha1)
	}); err != nil {
		return err
	}
	for _, a := range copies {
		if !seen[a.UID] {
			report.leave(a, "the rescued store no longer shows it")
		}
	}
	return batch.flush(ctx)
}

// copier collects messages and appends them batch by batch.
type copier struct {
	destination target.Session
	mailbox     string
	report      *Report
	actions     []Action
	messages    []target.AppendMessage
	bytes       int
}

func (c *copier) add(ctx context.Context, action Action, body []byte, sha1 string) error {
	if sha1 != action.GUID {
		c.report.leave(action, fmt.Sprintf("the rescued store gives other bytes (SHA-1 %.12s) than its index recorded", sha1))
		return nil
	}
	c.actions = append(c.actions, action)
	c.messages = append(c.messages, target.AppendMessage{Flags: action.Flags, InternalDate: action.InternalDate, Body: body})
	if c.bytes += len(body); len(c.messages) >= batchMessages || c.bytes >= batchBytes {
		return c.flush(ctx)
	}
	return nil
}

func (c *copier) flush(ctx context.Context) error {
	if len(c.messages) == 0 {
		return nil
	}
	_, uids, err := c.destination.Append(ctx, c.mailbox, c.messages...)
	switch {
	case target.OutcomeOf(err) == target.Refused:
		for _, a := range c.actions {
			c.report.leave(a, err.Error())
		}
	case err != nil:
		return err
	case len(uids) != len(c.messages):
		return fmt.Errorf("the server answered with %d UIDs to %d messages", len(uids), len(c.messages))
	default:
		c.report.Copied += len(uids)
		for _, a := range c.actions {
			if a.Doubtful {
				c.report.Doubtful++
			}
		}
	}
	c.actions, c.messages, c.bytes = nil, nil, 0
	return nil
}

func expungeMessages(ctx context.Context, destination target.Session, expunges []Action, report *Report) error {
	if len(expunges) == 0 {
		return nil
	}
	uids := make([]uint32, len(expunges))
	for i, a := range expunges {
		uids[i] = a.UID
	}
	err := destination.Expunge(ctx, expunges[0].Mailbox, uids)
	if target.OutcomeOf(err) == target.Refused {
		for _, a := range expunges {
			report.leave(a, err.Error())
		}
		return nil
	}
	if err != nil {
		return err
	}
	report.Expunged += len(expunges)
	return nil
}

func (r *Report) leave(action Action, reason string) {
	r.Left = append(r.Left, Left{action, reason})
}
