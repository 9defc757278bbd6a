package killed

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// server is a server as a mortal uses it. To read is no act: the context's end ends
// it.
type server struct {
	target.Server
	death fate
}

func (s server) User() target.UserView { return users{s.Server.User(), s.death} }

type users struct {
	target.UserView
	death fate
}

func (u users) Login(ctx context.Context, account string) (target.Session, error) {
	inner, err := u.UserView.Login(ctx, account)
	if err != nil {
		return nil, err
	}
	return session{inner, u.death}, nil
}

func (u users) SetQuota(ctx context.Context, account string, storageKiB int64) error {
	return u.death.command(func() error { return u.UserView.SetQuota(ctx, account, storageKiB) })
}

func (u users) Scripts(ctx context.Context, account string) (target.ScriptSession, error) {
	inner, err := u.UserView.Scripts(ctx, account)
	if err != nil {
		return nil, err
	}
	return scripts{inner, u.death}, nil
}

type session struct {
	target.Session
	death fate
}

func (s session) Append(ctx context.Context, mailbox string, messages ...target.AppendMessage) (validity uint32, uids []uint32, err error) {
	err = s.death.command(func() (err error) {
		validity, uids, err = s.Session.Append(ctx, mailbox, messages...)
		return err
	})
	return validity, uids, err
}

func (s session) Expunge(ctx context.Context, mailbox string, uids []uint32) error {
	return s.death.command(func() error { return s.Session.Expunge(ctx, mailbox, uids) })
}

func (s session) SetFlags(ctx context.Context, mailbox string, uids []uint32, add, remove []string) error {
	return s.death.command(func() error { return s.Session.SetFlags(ctx, mailbox, uids, add, remove) })
}

func (s session) CreateMailbox(ctx context.Context, mailbox string) error {
	return s.death.command(func() error { return s.Session.CreateMailbox(ctx, mailbox) })
}

func (s session) RenameMailbox(ctx context.Context, from, to string) error {
	return s.death.command(func() error { return s.Session.RenameMailbox(ctx, from, to) })
}

func (s session) DeleteMailbox(ctx context.Context, mailbox string) error {
	return s.death.command(func() error { return s.Session.DeleteMailbox(ctx, mailbox) })
}

func (s session) Subscribe(ctx context.Context, mailbox string, subscribed bool) error {
	return s.death.command(func() error { return s.Session.Subscribe(ctx, mailbox, subscribed) })
}

func (s session) SetACL(ctx context.Context, mailbox, identifier, rights string) error {
	return s.death.command(func() error { return s.Session.SetACL(ctx, mailbox, identifier, rights) })
}

func (s session) SetAnnotation(ctx context.Context, mailbox, entry, value string) error {
	return s.death.command(func() error { return s.Session.SetAnnotation(ctx, mailbox, entry, value) })
}

type scripts struct {
	target.ScriptSession
	death fate
}

func (s scripts) Put(ctx context.Context, name string, source []byte) error {
	return s.death.command(func() error { return s.ScriptSession.Put(ctx, name, source) })
}

func (s scripts) Activate(ctx context.Context, name string) error {
	return s.death.command(func() error { return s.ScriptSession.Activate(ctx, name) })
}

func (s scripts) Delete(ctx context.Context, name string) error {
	return s.death.command(func() error { return s.ScriptSession.Delete(ctx, name) })
}

// operator is an operator as a mortal uses one.
type operator struct {
	target.Operator
	death fate
}

var (
	_ target.ReplicationHolder = operator{}
	_ target.IndexKeeper       = operator{}
)

func (o operator) Reconstruct(ctx context.Context, server target.ServerName, account, mailbox string, how ...target.ReconstructOption) (said string, err error) {
	err = o.death.command(func() (err error) {
		said, err = o.Operator.Reconstruct(ctx, server, account, mailbox, how...)
		return err
	})
	return said, err
}

func (o operator) KeepIndex(ctx context.Context, server target.ServerName, account, mailbox string) (where string, err error) {
	keeper, can := o.Operator.(target.IndexKeeper)
	if !can {
		return "", &target.UnsupportedError{Target: "this operator", What: "copies of indexes"}
	}
	err = o.death.command(func() (err error) {
		where, err = keeper.KeepIndex(ctx, server, account, mailbox)
		return err
	})
	return where, err
}

func (o operator) ResetUser(ctx context.Context, server target.ServerName, account string, apart bool) error {
	resetter, can := o.Operator.(target.Resetter)
	if !can {
		return &target.UnsupportedError{Target: "this operator", What: "sync_reset"}
	}
	return o.death.command(func() error { return resetter.ResetUser(ctx, server, account, apart) })
}

func (o operator) SyncUser(ctx context.Context, server target.ServerName, account string) (status int, err error) {
	err = o.death.command(func() (err error) {
		status, err = o.Operator.SyncUser(ctx, server, account)
		return err
	})
	return status, err
}

func (o operator) QueueUser(ctx context.Context, server target.ServerName, account string) error {
	queuer, can := o.Operator.(target.LogOperator)
	if !can {
		return &target.UnsupportedError{Target: "this operator", What: "queueing accounts"}
	}
	return o.death.command(func() error { return queuer.QueueUser(ctx, server, account) })
}

func (o operator) HoldReplication(ctx context.Context, server target.ServerName) error {
	holder, can := o.Operator.(target.ReplicationHolder)
	if !can {
		return &target.UnsupportedError{Target: "this operator", What: "holding replication"}
	}
	return o.death.command(func() error { return holder.HoldReplication(ctx, server) })
}

func (o operator) ReleaseReplication(ctx context.Context, server target.ServerName) error {
	holder, can := o.Operator.(target.ReplicationHolder)
	if !can {
		return &target.UnsupportedError{Target: "this operator", What: "holding replication"}
	}
	return o.death.command(func() error { return holder.ReleaseReplication(ctx, server) })
}
