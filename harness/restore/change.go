package restore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// do carries out one action on the serving server.
func (h *hands) do(ctx context.Context, a Action) error {
	switch a.Act {
	case Reconstruct:
		return h.reconstruct(ctx, a)
	case SetQuota:
		limit, err := strconv.ParseInt(a.Value, 10, 64)
		if err != nil {
			return fmt.Errorf("the limit of a quota root: %w", err)
		}
		return h.scene.Serving.User().SetQuota(ctx, a.Account, limit)
	case PutScript, Activate, DeleteScript:
		return h.script(ctx, a)
	}
	session, err := h.at(ctx, a.Account)
	if err != nil {
		return err
	}
	return inSession(ctx, session, a)
}

// leftAlone is why an action must not be carried out.
type leftAlone string

func (l leftAlone) Error() string { return string(l) }

// inSession carries out what a user's own session can do.
func inSession(ctx context.Context, session target.Session, a Action) error {
	switch a.Act {
	case Create:
		return session.CreateMailbox(ctx, a.Mailbox)
	case Rename:
		return session.RenameMailbox(ctx, a.Mailbox, a.To)
	case Delete:
		return session.DeleteMailbox(ctx, a.Mailbox)
	case Subscribe, Unsubscribe:
		return session.Subscribe(ctx, a.Mailbox, a.Act == Subscribe)
	case SetACL:
		return session.SetACL(ctx, a.Mailbox, a.Name, a.Value)
	case SetAnnotation:
		return session.SetAnnotation(ctx, a.Mailbox, a.Name, a.Value)
	}
	return fmt.Errorf("no such action: %q", a.Act)
}

// flag changes the flags of messages of one mailbox, those that need the same
// changes at once.
func (h *hands) flag(ctx context.Context, actions []Action) error {
	session, err := h.at(ctx, actions[0].Account)
	if err != nil {
		return err
	}
	alike, order := map[string][]Action{}, []string{}
	for _, a := range actions {
		key := strings.Join(a.Add, " ") + " - " + strings.Join(a.Remove, " ")
		if alike[key] == nil {
			order = append(order, key)
		}
		alike[key] = append(alike[key], a)
	}
	for _, key := range order {
		same := alike[key]
		uids := make([]uint32, len(same))
		for i, a := range same {
			uids[i] = a.UID
		}
		if err := h.answered(session.SetFlags(ctx, same[0].Mailbox, uids, same[0].Add, same[0].Remove), same...); err != nil {
			return err
		}
	}
	return nil
}

// reconstruct rebuilds a mailbox and adds to the freeze what that has left,
// before its user gets at it.
func (h *hands) reconstruct(ctx context.Context, a Action) error {
	if _, err := h.scene.Operator.Reconstruct(ctx, h.scene.Serving.Name(), a.Account, a.Mailbox); err != nil {
		return err
	}
	if h.scene.Freeze == nil {
		return nil
	}
	return h.scene.Freeze.NoteRebuilt(ctx, h.scene.Serving, a.Account, a.Mailbox)
}

// script stores, activates or removes a script. Its source comes from the
// rescued store, and only if it is what that one's index recorded.
func (h *hands) script(ctx context.Context, a Action) error {
	var source []byte
	if a.Act == PutScript {
		var err error
		if source, err = readScript(ctx, h.scene.Rescued, a.Account, a.Name); err != nil {
			return err
		}
		if digest := target.DigestBody(source); digest != a.GUID {
			return leftAlone(fmt.Sprintf("the rescued store shows another source (SHA-1 %.12s) than its index recorded", digest))
		}
	}
	session, err := h.scene.Serving.User().Scripts(ctx, a.Account)
	if err != nil {
		return err
	}
	defer session.Close() // the answer is in
	switch a.Act {
	case PutScript:
		return session.Put(ctx, a.Name, source)
	case Activate:
		return session.Activate(ctx, a.Name)
	default:
		return session.Delete(ctx, a.Name)
	}
}
