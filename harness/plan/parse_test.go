package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testNames are catalogues for tests.
var testNames = Names{
	Faults: []FaultName{
		{Name: "replication-stopped", StopsReplication: true},
		{Name: "process-killed", KillsServer: true},
		{Name: "index-damaged"},
		{Name: "network-cut", StopsReplication: true, EitherSide: true},
		{Name: "port-garbled", StopsReplication: true, ReplicaOnly: true},
		{Name: "log-cut", NeedsReplication: true},
		{Name: "hasty-failover", KillsServer: true, Promotes: true, NeedsReplication: true},
		{Name: "disk-full", NeedsServer: true},
	},
	Detectors:  []string{"index-compare"},
	Restorers:  []string{"copy-missing", "copy-everything"},
	Operations: []string{"flag", "move"},
	Properties: []string{"no-loss", "no-resurrection"},
	Marks: []string{
		"sync-client-frozen", "sync-log-growing", "replica-behind-at-death", "freeze-complete", "uids-reused",
		"missing-mail-found", "unreplicated-expunge-found", "mail-copied", "expunge-carried-over", "expunged-on-new-master",
	},
}

func TestParseReadsEachStep(t *testing.T) {
	text := []byte(`# a comment
apiVersion: cyrdrill/v1
name: every-step
title: Every step there is
description: |
  Two
  lines.
seed: 18446744073709551615
pair: {cyrus: trixie-backports, repeatInterval: 1m}
accounts: [alice, b.o-b_1]
steps:
  - deliver: {to: [b.o-b_1], count: 3}
  - append: {account: alice, mailbox: INBOX, count: 2}
  - expunge: {account: alice, mailbox: INBOX, which: random, count: 2}
  - wait:
      until: replicated
      within: 1m30s500ms
  - detect: {detector: index-compare, sides: pair}
  - fault: {name: process-killed, on: master}
  - freeze: {}
  - promote: {server: replica}
  - rescue: {server: old-master}
  - detect: {detector: index-compare, sides: freeze}
  - restore: {restorer: copy-missing}
  - work: {accounts: [alice], operations: 7, only: [flag, move]}
  - rules: {accounts: [alice]}
  - clock: {advance: 72h}
  - expire: {server: old-master}
  - resync: {server: old-master}
  - failback: {}
expect:
  marks: [freeze-complete]
  properties: [no-loss, no-resurrection]
`)
	got, err := Parse("every-step.yaml", text, testNames)
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) Pos { return Pos{Line: line, Column: column} }
	ref := func(line, column int, name string) Ref { return Ref{Name: name, Pos: at(line, column)} }
	want := &Plan{
		File: "every-step.yaml", APIVersion: "cyrdrill/v1", Name: "every-step", Title: "Every step there is",
		Description: "Two\nlines.\n", Seed: 1<<64 - 1,
		Pair:     Pair{Cyrus: "trixie-backports", RepeatInterval: time.Minute},
		Accounts: []string{"alice", "b.o-b_1"},
		Steps: []Step{
			{Kind: KindDeliver, Pos: at(12, 5), Deliver: &Deliver{To: []string{"b.o-b_1"}, Count: 3}},
			{Kind: KindAppend, Pos: at(13, 5), Append: &Append{Account: "alice", Mailbox: "INBOX", Count: 2}},
			{Kind: KindExpunge, Pos: at(14, 5), Expunge: &Expunge{Account: "alice", Mailbox: "INBOX", Count: 2, Which: Random}},
			{Kind: KindWait, Pos: at(15, 5), Wait: &Wait{Until: Replicated, Within: 90*time.Second + 500*time.Millisecond}},
			{Kind: KindDetect, Pos: at(18, 5), Detect: &Detect{Detector: ref(18, 24, "index-compare"), Sides: PairNow}},
			{Kind: KindFault, Pos: at(19, 5), Fault: &Fault{Name: ref(19, 19, "process-killed"), On: Master, Accounts: []string{"alice", "b.o-b_1"}, Count: 1}},
			{Kind: KindFreeze, Pos: at(20, 5), Freeze: &Freeze{}},
			{Kind: KindPromote, Pos: at(21, 5), Promote: &Promote{Server: Replica}},
			{Kind: KindRescue, Pos: at(22, 5), Rescue: &Rescue{Server: OldMaster}},
			{Kind: KindDetect, Pos: at(23, 5), Detect: &Detect{Detector: ref(23, 24, "index-compare"), Sides: FrozenSides}},
			{Kind: KindRestore, Pos: at(24, 5), Restore: &Restore{Restorer: ref(24, 25, "copy-missing"), Policy: "restore", Workers: 4}},
			{Kind: KindWork, Pos: at(25, 5), Work: &Work{Accounts: []string{"alice"}, Operations: 7, Only: []string{"flag", "move"}}},
			{Kind: KindRules, Pos: at(26, 5), Rules: &Rules{Accounts: []string{"alice"}}},
			{Kind: KindClock, Pos: at(27, 5), Clock: &Clock{Advance: 72 * time.Hour}},
			{Kind: KindExpire, Pos: at(28, 5), Expire: &Expire{Server: OldMaster}},
			{Kind: KindResync, Pos: at(29, 5), Resync: &Resync{Server: OldMaster}},
			{Kind: KindFailback, Pos: at(30, 5), Failback: &Failback{}},
		},
		Expect: Expect{
			Marks:      []Ref{ref(32, 11, "freeze-complete")},
			Properties: []Ref{ref(33, 16, "no-loss"), ref(33, 25, "no-resurrection")},
		},
		text: text,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Plan{})); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if string(got.Text()) != string(text) {
		t.Error("Text is not what was read")
	}
}

func TestParseFillsInDefaults(t *testing.T) {
	got, err := Parse("p", []byte(`apiVersion: cyrdrill/v1
name: defaults
title: As little as can be
accounts: [alice, bob]
steps:
  - deliver
  - append: {account: alice}
  - expunge: {account: alice}
  - wait: {until: replicated}
  - detect: {detector: index-compare}
  - fault: {name: process-killed}
  - freeze
  - promote
  - rescue
expect: {properties: [no-loss]}
`), testNames)
	if err != nil {
		t.Fatal(err)
	}
	const want = `apiVersion: cyrdrill/v1
name: defaults
title: As little as can be
seed: 1
pair: {cyrus: bookworm, repeatInterval: 0s}
accounts: [alice, bob]
steps:
  - deliver: {to: [alice, bob], count: 1}
  - append: {account: alice, mailbox: INBOX, count: 1}
  - expunge: {account: alice, mailbox: INBOX, which: oldest, count: 1}
  - wait: {until: replicated, within: 30s}
  - detect: {detector: index-compare, sides: pair}
  - fault: {name: process-killed, on: master, accounts: [alice, bob], count: 1}
  - freeze
  - promote: {server: replica}
  - rescue: {server: old-master}
expect:
  marks: []
  properties: [no-loss]
`
	if diff := cmp.Diff(want, string(Format(got))); diff != "" {
		t.Errorf("canonical form (-want +got):\n%s", diff)
	}
}
