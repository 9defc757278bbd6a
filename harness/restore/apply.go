package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Report is what a restore did.
type Report struct {
	Restorer string `json:"restorer"`
	Copied   int    `json:"copied"`
	Expunged int    `json:"expunged"`
	Kept     int    `json:"kept"`
	Doubtful int    `json:"doubtful"` // of those copied
	// Left lists what could not be done, each with the reason.
	Left []Left `json:"left,omitempty"`
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

// Apply carries out a plan. Bodies are read from the rescued server as its
// users would get them and are copied only if their SHA-1 is the GUID that its
// index recorded: a damaged message is left and reported, never passed on as
// good. An action that fails is reported in Left; an error ends the restore.
func Apply(ctx context.Context, scene Scene, plan Plan) (Report, error) {
	report := Report{Restorer: plan.Restorer}
	for start := 0; start < len(plan.Actions); {
		end := start + 1
		for end < len(plan.Actions) && sameMailbox(plan.Actions[start], plan.Actions[end]) {
			end++
		}
		if err := applyToMailbox(ctx, scene, plan.Actions[start:end], &report); err != nil {
			at := plan.Actions[start]
			return report, fmt.Errorf("restoring %s of %s: %w", at.Mailbox, at.Account, err)
		}
		start = end
	}
	return report, nil
}

func sameMailbox(a, b Action) bool { return a.Account == b.Account && a.Mailbox == b.Mailbox }

// applyToMailbox carries out the actions on one mailbox.
func applyToMailbox(ctx context.Context, scene Scene, actions []Action, report *Report) error {
	var copies, expunges []Action
	for _, a := range actions {
		switch a.Act {
		case Copy:
			copies = append(copies, a)
		case Expunge:
			expunges = append(expunges, a)
		case Keep:
			report.Kept++
		}
	}
	if len(copies)+len(expunges) == 0 {
		return nil
	}
	destination, err := scene.Serving.User().Login(ctx, actions[0].Account)
	if err != nil {
		return err
	}
	defer destination.Close() // every answer that counts has been read
	if err := copyMessages(ctx, scene.Rescued, destination, copies, report); err != nil {
		return err
	}
	return expungeMessages(ctx, destination, expunges, report)
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
	if err := source.Bodies(ctx, copies[0].From, uids, func(uid uint32, body []byte) error {
		seen[uid] = true
		return batch.add(ctx, byUID[uid], body)
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

func (c *copier) add(ctx context.Context, action Action, body []byte) error {
	if digest := target.DigestBody(body); digest != action.GUID {
		c.report.leave(action, fmt.Sprintf("the rescued store gives other bytes (SHA-1 %.12s) than its index recorded", digest))
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
