package drill_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// clumsy stores a message while it looks.
type clumsy struct {
	detect.Detector
	pair target.Pair
}

func (c clumsy) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	session, err := c.pair.Serving().User().Login(ctx, "alice")
	if err != nil {
		return nil, err
	}
	_, _, err = session.Append(ctx, "INBOX", target.AppendMessage{Body: []byte("Subject: left behind\r\n\r\n")})
	found, lookErr := c.Detector.Detect(ctx, scene)
	return found, errors.Join(err, session.Close(), lookErr)
}

// Who changes data by looking is told so, where nobody else can have been it: while a
// sync_client has something to send it may have been that, and where it is stopped not.
func TestALookIsBlamedWhereReplicationIsNot(t *testing.T) {
	for fault, want := range map[string]property.Verdict{"network-cut": property.Unknown, "replication-stopped": property.Fail} {
		p := parse(t, `apiVersion: cyrdrill/v1
name: clumsy
title: A detector changes what it looks at
seed: 1
accounts: [alice]
steps:
  - deliver: {count: 2}
  - wait: {until: replicated}
  - fault: {name: `+fault+`, on: master}
  - deliver
  - detect: {detector: status-compare, sides: pair}
expect:
  properties: [looking-changes-nothing]
`)
		pair := newPair(t, p)
		result, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "sim", Logic: drill.Logic{
			Detector: func(named detect.Detector) detect.Detector { return clumsy{named, pair} },
		}})
		if got := result.Properties[0].Verdict; got != want {
			t.Errorf("%s: the look is judged %s, want %s: %q", fault, got, want, result.Reasons)
		}
	}
}

// A sync_client that cannot send its batch gives a message's record another modseq each
// time that it tries, ten times a second: the servers never come to rest, and nobody who
// looks meanwhile is blamed for it.
func TestNoLookIsBlamedForASyncClientThatDoesNotGetOn(t *testing.T) {
	p := parse(t, `apiVersion: cyrdrill/v1
name: restless
title: Two messages under one UID, of which the master cannot read its own
seed: 3780538293
pair: {cyrus: bookworm}
accounts: [alice, bob]
steps:
  - seed: {mailboxes: 1, messages: 3}
  - rules: {accounts: [alice, bob]}
  - work: {accounts: [alice, bob], operations: 1, only: [append, setannotation, expunge, setquota, create]}
  - work: {accounts: [bob], operations: 2, only: [append, setannotation, expunge, setquota, create]}
  - fault: {name: two-restores, on: replica, count: 1}
  - fault: {name: message-file-owner-wrong, on: master, count: 1}
  - expire: {server: replica}
  - work: {accounts: [alice, bob], operations: 4, only: [append, setannotation, expunge, setquota, create]}
  - detect: {detector: access, sides: pair}
expect:
  properties: [looking-changes-nothing]
`)
	result, _ := drill.Run(t.Context(), p, newPair(t, p), drill.Options{Target: "sim"})
	if got := result.Properties[0].Verdict; got != property.Unknown {
		t.Errorf("the look is judged %s, want %s: %q", got, property.Unknown, result.Reasons)
	}
}
