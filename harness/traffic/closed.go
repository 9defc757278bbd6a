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

func (s closedSession) Close() error { return nil }
