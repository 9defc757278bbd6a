package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// hands hold an account's sessions on both servers, and conversations with them by the sync
// protocol.
type hands struct {
	sessions map[target.ServerName]target.Session
	lines    map[target.ServerName]target.SyncConversation
}

// at returns the account's session on a server.
func (h *hands) at(ctx context.Context, server target.Server, account string) (target.Session, error) {
	if session := h.sessions[server.Name()]; session != nil {
		return session, nil
	}
	session, err := server.User().Login(ctx, account)
	if err != nil {
		return nil, err
	}
	if h.sessions == nil {
		h.sessions = map[target.ServerName]target.Session{}
	}
	h.sessions[server.Name()] = session
	return session, nil
}

// talk returns a conversation with a server by the sync protocol.
func (h *hands) talk(ctx context.Context, scene Scene, server target.Server) (target.SyncConversation, error) {
	if line := h.lines[server.Name()]; line != nil {
		return line, nil
	}
	if scene.Sync == nil {
		return nil, &target.UnsupportedError{Target: string(server.Name()), What: "conversation by the sync protocol", Why: "nobody here may speak it; plan anew"}
	}
	line, err := scene.Sync.DialSync(ctx, server.Name())
	if err != nil {
		return nil, err
	}
	if h.lines == nil {
		h.lines = map[target.ServerName]target.SyncConversation{}
	}
	h.lines[server.Name()] = line
	return line, nil
}

// hangUp ends the conversations by the sync protocol.
func (h *hands) hangUp() {
	for _, line := range h.lines {
		_ = line.Close() // as with sessions
	}
	h.lines = nil
}

func (h *hands) letGo() {
	h.hangUp()
	for _, session := range h.sessions {
		_ = session.Close() // every answer that counts has been read
	}
	h.sessions = nil
}

// outcome is what came of a batch: what was not done, by action, and where copies are.
type outcome struct {
	left   map[int]string
	placed []placed
	later  []int // what has to wait until all else is put back
}

func (o *outcome) leave(action int, why string) {
	if o.left == nil {
		o.left = map[int]string{}
	}
	o.left[action] = why
}

// leftAlone is why an action must not be carried out.
type leftAlone string

func (l leftAlone) Error() string { return string(l) }

// do carries out a batch on the serving server; read is what was read of it already. An
// error means that it is not known what came of it.
func (a *account) do(ctx context.Context, batch []int, read fetched) (o outcome, err error) {
	first := a.plan.Actions[batch[0]]
	switch first.Act {
	case Copy:
		return a.copy(ctx, batch, read)
	case PutBack, Remake:
		return a.putBack(ctx, batch)
	case Expunge, ExpungeDamaged, Flag:
		err = a.change(ctx, batch)
	default:
		err = a.single(ctx, first)
	}
	return o, a.refused(&o, err, batch)
}

// refused notes a server's definite no, and hands back any other error.
func (a *account) refused(o *outcome, err error, batch []int) error {
	var alone leftAlone
	definite := target.OutcomeOf(err) == target.Refused && !passing(err)
	if err == nil || !errors.As(err, &alone) && !definite {
		return err
	}
	for _, i := range batch {
		o.leave(i, err.Error())
	}
	return nil
}

// change expunges messages of one mailbox, or changes their flags.
func (a *account) change(ctx context.Context, batch []int) error {
	session, err := a.hands.at(ctx, a.scene.Serving, a.name)
	if err != nil {
		return err
	}
	first, uids := a.plan.Actions[batch[0]], make([]uint32, len(batch))
	for n, i := range batch {
		uids[n] = a.plan.Actions[i].UID
	}
	if first.Act != Flag {
		return session.Expunge(ctx, first.Mailbox, uids)
	}
	return session.SetFlags(ctx, first.Mailbox, uids, first.Add, first.Remove)
}

// single carries out one action that is not about messages.
func (a *account) single(ctx context.Context, action Action) error {
	switch action.Act {
	case Reconstruct:
		return a.reconstruct(ctx, action)
	case Resync:
		return a.resync(ctx)
	case SetQuota:
		limit, err := strconv.ParseInt(action.Value, 10, 64)
		if err != nil {
			return leftAlone(fmt.Sprintf("the limit of a quota root: %s", err))
		}
		return a.scene.Serving.User().SetQuota(ctx, a.name, limit)
	case PutScript, Activate, DeleteScript:
		return a.script(ctx, action)
	}
	session, err := a.hands.at(ctx, a.scene.Serving, a.name)
	if err != nil {
		return err
	}
	switch action.Act {
	case Create:
		return session.CreateMailbox(ctx, action.Mailbox)
	case Rename:
		return session.RenameMailbox(ctx, action.Mailbox, action.To)
	case Delete:
		return session.DeleteMailbox(ctx, action.Mailbox)
	case Subscribe, Unsubscribe:
		return session.Subscribe(ctx, action.Mailbox, action.Act == Subscribe)
	case SetACL:
		return session.SetACL(ctx, action.Mailbox, action.Name, action.Value)
	case SetAnnotation:
		return session.SetAnnotation(ctx, action.Mailbox, action.Name, action.Value)
	}
	return leftAlone(fmt.Sprintf("no such action: %q", action.Act))
}

// script stores, activates or removes a script. Its source comes from the rescued
// store, and only if it is what that one's index recorded.
func (a *account) script(ctx context.Context, action Action) error {
	var source []byte
	if action.Act == PutScript {
		var err error
		if source, err = readScript(ctx, a.scene.Rescued, a.name, action.Name); err != nil {
			return err
		}
		if digest := target.DigestBody(source); digest != action.GUID {
			return leftAlone(fmt.Sprintf("the rescued store shows another source (SHA-1 %.12s) than its index recorded", digest))
		}
	}
	session, err := a.scene.Serving.User().Scripts(ctx, a.name)
	if err != nil {
		return err
	}
	defer session.Close() // the answer is in
	switch action.Act {
	case PutScript:
		return session.Put(ctx, action.Name, source)
	case Activate:
		return session.Activate(ctx, action.Name)
	default:
		return session.Delete(ctx, action.Name)
	}
}

// copy appends a batch of messages of the rescued store.
func (a *account) copy(ctx context.Context, batch []int, read fetched) (o outcome, err error) {
	if read.sending == nil && read.left.left == nil {
		if read, err = a.fetch(ctx, batch); err != nil {
			return o, err
		}
	}
	o = read.left
	if len(read.messages) == 0 {
		return o, nil
	}
	destination, err := a.hands.at(ctx, a.scene.Serving, a.name)
	if err != nil {
		return o, err
	}
	var uids []uint32
	err = a.whileReadingAhead(ctx, func(ctx context.Context) (err error) {
		_, uids, err = destination.Append(ctx, a.plan.Actions[batch[0]].Mailbox, read.messages...)
		return err
	})
	if err := a.refused(&o, err, read.sending); err != nil {
		return o, err
	}
	if err != nil { // and all of them are left
		return o, nil
	}
	if len(uids) != len(read.messages) {
		return o, fmt.Errorf("the server answered with %d UIDs to %d messages", len(uids), len(read.messages))
	}
	for n, i := range read.sending {
		o.placed = append(o.placed, placed{i, uids[n]})
	}
	return o, nil
}

// read reads a batch's messages from the rescued store. What is not what its index
// recorded is left.
func (a *account) read(ctx context.Context, source target.Session, batch []int, o *outcome) (sending []int, messages []target.AppendMessage, err error) {
	byUID, uids := map[uint32]int{}, make([]uint32, len(batch))
	for n, i := range batch {
		uids[n] = a.plan.Actions[i].UID
		byUID[uids[n]] = i
	}
	slices.Sort(uids)
	err = target.DigestedBodies(ctx, source, a.plan.Actions[batch[0]].From, uids, func(uid uint32, body []byte, sha1 string) error {
		i, asked := byUID[uid]
		if !asked {
			return nil
		}
		delete(byUID, uid)
		action := a.plan.Actions[i]
		if sha1 != action.GUID {
			o.leave(i, fmt.Sprintf("the rescued store gives other bytes (SHA-1 %.12s) than its index recorded", sha1))
			return nil
		}
		sending = append(sending, i)
		messages = append(messages, target.AppendMessage{Flags: action.Flags, InternalDate: action.InternalDate, Body: body})
		return nil
	})
	for _, i := range byUID {
		if err == nil {
			o.leave(i, "the rescued store no longer shows it")
		}
	}
	return sending, messages, err
}
