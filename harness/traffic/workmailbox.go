package traffic

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// mailboxNames are what users call mailboxes, each with a number behind it.
var mailboxNames = []string{"Reisen & Büro", "Projekte", "旅行", "Old mail", "Q&A", "a.b", "Ärger"}

// newName returns a name that no mailbox of a drill has had before.
func (w *worker) newName(parent string) string {
	w.named++
	return fmt.Sprintf("%s/%s %d", parent, mailboxNames[w.rand.IntN(len(mailboxNames))], w.named)
}

// createMailbox makes a mailbox below one that is there.
func (w *worker) createMailbox(ctx context.Context) (bool, error) {
	parent := w.aMailbox(ctx, func(name string) bool { return strings.Count(name, "/") < 3 })
	if parent == "" {
		return false, nil
	}
	name := w.newName(parent)
	return w.send(ctx, w.entry(OpCreate, name), func(ctx context.Context) error { return w.session.CreateMailbox(ctx, name) })
}

func (w *worker) renameMailbox(ctx context.Context) (bool, error) {
	from := w.aMailbox(ctx, isPlain)
	if from == "" {
		return false, nil
	}
	e := w.entry(OpRename, from)
	e.To = w.newName(Inbox)
	return w.send(ctx, e, func(ctx context.Context) error { return w.session.RenameMailbox(ctx, from, e.To) })
}

// deleteMailbox removes a mailbox that has none below it.
func (w *worker) deleteMailbox(ctx context.Context) (bool, error) {
	all := w.mailboxes(ctx)
	name := w.aMailbox(ctx, func(name string) bool {
		return isPlain(name) && !slices.ContainsFunc(all, func(other string) bool { return other != name && below(other, name) })
	})
	if name == "" {
		return false, nil
	}
	return w.send(ctx, w.entry(OpDelete, name), func(ctx context.Context) error { return w.session.DeleteMailbox(ctx, name) })
}

func (w *worker) subscribe(ctx context.Context) (bool, error) { return w.changeSubscription(ctx, true) }

func (w *worker) unsubscribe(ctx context.Context) (bool, error) {
	return w.changeSubscription(ctx, false)
}

func (w *worker) changeSubscription(ctx context.Context, to bool) (bool, error) {
	name := w.aMailbox(ctx, anyMailbox)
	if name == "" {
		return false, nil
	}
	asked, cancel := target.Within(ctx, w.pair.Clock(), answerWithin)
	defer cancel()
	current, err := w.session.Subscriptions(asked)
	if err != nil || slices.Contains(current, name) == to || !w.once("subscription", name) {
		return false, nil
	}
	e := w.entry(OpUnsubscribe, name)
	if to {
		e.Op = OpSubscribe
	}
	return w.send(ctx, e, func(ctx context.Context) error { return w.session.Subscribe(ctx, name, to) })
}

// grants are the rights that users give each other (RFC 4314).
var grants = []string{"lrs", "lrsw", "lrswite"}

func (w *worker) setACL(ctx context.Context) (bool, error) {
	name, other := w.aMailbox(ctx, isPlain), w.somebodyElse()
	if name == "" || other == "" || !w.once("acl", name, other) {
		return false, nil
	}
	asked, cancel := target.Within(ctx, w.pair.Clock(), answerWithin)
	defer cancel()
	settings, err := w.session.Settings(asked, name)
	if err != nil {
		return false, nil
	}
	e := w.entry(OpSetACL, name)
	e.Name = other
	if !strings.Contains(settings.ACL, other+" ") {
		e.Value = grants[w.rand.IntN(len(grants))]
	}
	return w.send(ctx, e, func(ctx context.Context) error { return w.session.SetACL(ctx, name, e.Name, e.Value) })
}

// somebodyElse draws another account of the drill.
func (w *worker) somebodyElse() string {
	var others []string
	for _, name := range w.ledger.accountNames() {
		if name != w.account {
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return ""
	}
	return others[w.rand.IntN(len(others))]
}

func (w *worker) setAnnotation(ctx context.Context) (bool, error) {
	name := w.aMailbox(ctx, anyMailbox)
	if name == "" {
		return false, nil
	}
	e := w.entry(OpSetAnnotation, name)
	e.Name = target.Annotations()[w.rand.IntN(len(target.Annotations()))]
	w.named++
	e.Value = fmt.Sprintf("comment %d", w.named)
	return w.send(ctx, e, func(ctx context.Context) error { return w.session.SetAnnotation(ctx, name, e.Name, e.Value) })
}

// setQuota sets a limit that no drill's mail reaches, and another each time.
func (w *worker) setQuota(ctx context.Context) (bool, error) {
	w.named++
	limit := int64(1<<20 + w.named)
	e := w.entry(OpSetQuota, "")
	e.Value = strconv.FormatInt(limit, 10)
	return w.send(ctx, e, func(ctx context.Context) error { return w.server.User().SetQuota(ctx, w.account, limit) })
}
