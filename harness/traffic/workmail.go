package traffic

import (
	"context"
	"slices"
)

func (w *worker) deliverOne(ctx context.Context) (bool, error) {
	marker, body := w.corpus.Message(w.account, w.pair.Clock().Now())
	mailbox, err := w.filer.FileInto(ctx, w.ledger.activeSource(w.account), body)
	if err != nil {
		return false, err
	}
	return true, w.deliver(ctx, w.tally, w.server, newMessage(OpDeliver, "mta", w.server, w.account, mailbox, marker, body), body)
}

func (w *worker) appendSome(ctx context.Context) (bool, error) {
	mailbox := w.aMailbox(ctx, anyMailbox)
	if mailbox == "" {
		return false, nil
	}
	flags := appendFlags[w.rand.IntN(len(appendFlags))]
	return true, w.appendOne(ctx, w.tally, w.server, w.session, w.account, mailbox, flags)
}

// userFlags are those that users set and take away.
var userFlags = []string{`\Seen`, `\Flagged`, `\Answered`, `\Draft`, "$Forwarded", "urgent"}

func (w *worker) flagOne(ctx context.Context) (bool, error) {
	mailbox, message, ok := w.aMessage(ctx)
	flag := userFlags[w.rand.IntN(len(userFlags))]
	if !ok || !w.once("flag", message.marker, flag) {
		return false, nil
	}
	e := w.entry(OpFlag, mailbox)
	e.Marker, e.UID, e.ModSeq = message.marker, message.uid, message.modSeq
	if slices.Contains(message.flags, flag) {
		e.Remove = []string{flag}
	} else {
		e.Add = []string{flag}
	}
	return w.send(ctx, e, func(ctx context.Context) error {
		return w.session.SetFlags(ctx, mailbox, []uint32{message.uid}, e.Add, e.Remove)
	})
}

func (w *worker) expungeOne(ctx context.Context) (bool, error) {
	mailbox, message, ok := w.aMessage(ctx)
	if !ok {
		return false, nil
	}
	e := w.entry(OpExpunge, mailbox)
	e.Marker = message.marker
	return w.send(ctx, e, func(ctx context.Context) error {
		return w.session.Expunge(ctx, mailbox, []uint32{message.uid})
	})
}

func (w *worker) moveOne(ctx context.Context) (bool, error) { return w.transfer(ctx, OpMove) }

func (w *worker) copyOne(ctx context.Context) (bool, error) { return w.transfer(ctx, OpCopy) }

// transfer moves or copies a message to where it neither is nor was.
func (w *worker) transfer(ctx context.Context, op Op) (bool, error) {
	mailbox, message, ok := w.aMessage(ctx)
	if !ok {
		return false, nil
	}
	called := func(name string) string { return w.ledger.called(w.account, string(w.server.Name()), name) }
	taken := map[string]bool{called(mailbox): true}
	for _, held := range w.ledger.mailboxesOf(w.account, message.marker) {
		taken[held] = true
	}
	to := w.aMailbox(ctx, func(name string) bool { return !taken[called(name)] })
	if to == "" {
		return false, nil
	}
	e := w.entry(op, mailbox)
	e.Marker, e.To = message.marker, to
	act := w.session.Copy
	if op == OpMove {
		act = w.session.Move
	}
	return w.send(ctx, e, func(ctx context.Context) error { return act(ctx, mailbox, []uint32{message.uid}, to) })
}
