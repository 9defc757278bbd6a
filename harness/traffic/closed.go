package traffic

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// closedSession stands in for a session whose login failed: every operation
// gets that failure as its answer.
type closedSession struct{ err error }

var _ target.Session = closedSession{}

func (s closedSession) List(context.Context) ([]string, error) { return nil, s.err }

func (s closedSession) Records(context.Context, string) ([]target.Record, error) { return nil, s.err }

func (s closedSession) Header(context.Context, string, string, []uint32) (map[uint32]string, error) {
	return nil, s.err
}

func (s closedSession) Bodies(context.Context, string, []uint32, func(uint32, []byte) error) error {
	return s.err
}

func (s closedSession) Append(context.Context, string, ...target.AppendMessage) (uint32, []uint32, error) {
	return 0, nil, s.err
}

func (s closedSession) Expunge(context.Context, string, []uint32) error { return s.err }

func (s closedSession) SetFlags(context.Context, string, []uint32, []string, []string) error {
	return s.err
}

func (s closedSession) Copy(context.Context, string, []uint32, string) error { return s.err }

func (s closedSession) Move(context.Context, string, []uint32, string) error { return s.err }

func (s closedSession) CreateMailbox(context.Context, string) error { return s.err }

func (s closedSession) RenameMailbox(context.Context, string, string) error { return s.err }

func (s closedSession) DeleteMailbox(context.Context, string) error { return s.err }

func (s closedSession) Subscribe(context.Context, string, bool) error { return s.err }

func (s closedSession) SetACL(context.Context, string, string, string) error { return s.err }

func (s closedSession) SetAnnotation(context.Context, string, string, string) error { return s.err }

func (s closedSession) Subscriptions(context.Context) ([]string, error) { return nil, s.err }

func (s closedSession) Settings(context.Context, string) (target.Settings, error) {
	return target.Settings{}, s.err
}

func (s closedSession) Status(context.Context, string) (target.Counters, error) {
	return target.Counters{}, s.err
}

func (s closedSession) Close() error { return nil }
