package detect_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var accounts = []string{"alice", "bob"}

// Two scripts: what its user stored, and an older one that takes its place.
const (
	newRules = "require \"fileinto\";\r\nif header :contains \"subject\" \"bills\" { fileinto \"INBOX\"; }\r\n"
	oldRules = "keep;\r\n"
)

// realPair returns a maker of pairs of real servers as new, on which alice and
// bob have mail and alice a script, replicated.
func realPair(t *testing.T) func(*testing.T) target.Pair {
	t.Helper()
	pair := cyrustest.Pair(t, target.Spec{Accounts: accounts})
	return func(t *testing.T) target.Pair {
		t.Helper()
		if err := pair.Reset(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		store(t, pair.Serving(), newRules)
		for range 3 {
			deliverTo(t, pair, accounts...)
		}
		replicated(t, pair)
		return pair
	}
}

func store(t *testing.T, server target.Server, source string) {
	t.Helper()
	session, err := server.User().Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if err := session.Put(t.Context(), "rules", []byte(source)); err != nil {
		t.Fatal(err)
	}
	if err := session.Activate(t.Context(), "rules"); err != nil {
		t.Fatal(err)
	}
}

func deliverTo(t *testing.T, pair target.Pair, accounts ...string) {
	t.Helper()
	for _, account := range accounts {
		if err := pair.Serving().User().Deliver(t.Context(), account, []byte("Subject: one\r\n\r\nOne.\r\n")); err != nil {
			t.Fatal(err)
		}
	}
}

func replicated(t *testing.T, pair target.Pair) {
	t.Helper()
	err := target.WaitUntil(t.Context(), pair.Clock(), 15*time.Second, "both sides to be equal", func(ctx context.Context) (bool, string, error) {
		found, err := look(ctx, pair, detect.ScriptCompare{}, detect.IndexCompare{})
		return len(found) == 0, "", err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// look lets detectors look at both servers.
func look(ctx context.Context, pair target.Pair, detectors ...detect.Detector) ([]detect.Finding, error) {
	var all []detect.Finding
	servers := pair.Servers()
	for _, d := range detectors {
		found, err := d.Detect(ctx, detect.Scene{
			Clock: pair.Clock(), Executor: pair.Executor(), Accounts: accounts, Master: target.Imap1,
			Sides: []detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])},
		})
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// Each fault leaves evidence, the detector that is for it finds what it did, by
// kind and place and without being told, and a repair heals it. On a pair that
// is well no detector finds anything.
func TestDetectorsFindOnRealServersWhatFaultsDid(t *testing.T) {
	fresh := realPair(t)
	t.Run("a pair that is well", func(t *testing.T) {
		found, err := look(t.Context(), fresh(t), detect.Monitor{}, detect.Access{}, detect.IndexCompare{}, detect.BodyCompare{}, detect.ScriptCompare{})
		if err != nil || len(found) > 0 {
			t.Errorf("found %v, %v", found, err)
		}
	})
	inbox := []fault.ChosenMailbox{{Account: "alice", Mailbox: "INBOX"}}
	rules := []fault.ChosenScript{{Account: "alice", Script: "rules", Source: []byte(oldRules)}}
	putAgain := func(t *testing.T, p target.Pair) { store(t, p.Server(target.Imap2), newRules) }
	for _, tc := range []struct {
		fault    fault.Fault
		on       target.ServerName
		then     func(*testing.T, target.Pair) // before the detector looks
		detector detect.Detector
		want     detect.Finding
		repair   func(*testing.T, target.Pair)
	}{
		{
			fault: fault.IndexTruncated{}, on: target.Imap2, detector: detect.Access{},
			want:   finding(target.MailboxUnreadable, target.Imap2, "INBOX", ""),
			repair: func(t *testing.T, p target.Pair) { reconstruct(t, p, target.Imap2) },
		}, {
			fault: fault.IndexRecordDamaged{}, on: target.Imap1, detector: detect.Access{},
			want:   finding(target.MailboxUnreadable, target.Imap1, "INBOX", ""),
			repair: func(t *testing.T, p target.Pair) { reconstruct(t, p, target.Imap1) },
		}, {
			fault: fault.IndexRecordDamaged{}, on: target.Imap1, detector: detect.Monitor{},
			want: detect.Finding{Kind: target.ReplicationStopped, Place: target.Place{Server: target.Imap1}},
		}, {
			fault: fault.ScriptStale{}, on: target.Imap2, detector: detect.ScriptCompare{},
			want: finding(target.ScriptStale, target.Imap2, "", "rules"), repair: putAgain,
		}, {
			fault: fault.CompiledScriptStale{}, on: target.Imap2, detector: detect.ScriptCompare{},
			want: finding(target.CompiledScriptStale, target.Imap2, "", "rules"), repair: putAgain,
		}, {
			fault: fault.ReplicationStopped{}, on: target.Imap1, detector: detect.Monitor{},
			then: func(t *testing.T, p target.Pair) { deliverTo(t, p, "alice") },
			want: detect.Finding{Kind: target.ReplicationStopped, Place: target.Place{Server: target.Imap1}},
		}, {
			fault: fault.ReplicationLost{}, on: target.Imap1, detector: detect.Monitor{},
			then: func(t *testing.T, p target.Pair) { deliverTo(t, p, "alice") },
			want: finding(target.ReplicaBehind, target.Imap2, "", ""),
		}, {
			fault: fault.ServerHung{}, on: target.Imap2, detector: detect.Monitor{},
			want: detect.Finding{Kind: target.ServerHung, Place: target.Place{Server: target.Imap2}},
			repair: func(t *testing.T, p target.Pair) {
				if _, err := p.Saboteur().(target.ServerHanger).Unhang(t.Context(), target.Imap2); err != nil {
					t.Fatal(err)
				}
			},
		}, {
			fault: fault.ProcessKilled{}, on: target.Imap1, detector: detect.Monitor{},
			want: detect.Finding{Kind: target.ServerDown, Place: target.Place{Server: target.Imap1}},
			repair: func(t *testing.T, p target.Pair) {
				if err := p.Operator().Start(t.Context(), target.Imap1); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(tc.fault.Name()+" by "+tc.detector.Name(), func(t *testing.T) {
			p := fresh(t)
			instance, err := tc.fault.Inject(t.Context(), fault.Scene{Pair: p, On: tc.on, Accounts: accounts, Mailboxes: slices.Clone(inbox), Scripts: rules})
			if err != nil {
				t.Fatal(err)
			}
			if tc.then != nil {
				tc.then(t, p)
			}
			wantState(t, instance, fault.Live)
			found, err := look(t.Context(), p, tc.detector)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(found, func(f detect.Finding) bool { return f.Kind == tc.want.Kind && f.Place == tc.want.Place }) {
				t.Errorf("%s did not find %s at %s, but %v", tc.detector.Name(), tc.want.Kind, tc.want.Place, found)
			}
			if tc.repair != nil {
				tc.repair(t, p)
				wantState(t, instance, fault.Healed)
			}
		})
	}
}

func finding(kind target.Kind, server target.ServerName, mailbox, script string) detect.Finding {
	return detect.Finding{Kind: kind, Place: target.Place{Server: server, Account: "alice", Mailbox: mailbox, Script: script}}
}

func reconstruct(t *testing.T, p target.Pair, server target.ServerName) {
	t.Helper()
	if _, err := p.Operator().Reconstruct(t.Context(), server, "alice", "INBOX"); err != nil {
		t.Fatal(err)
	}
}

func wantState(t *testing.T, instance fault.Instance, want fault.State) {
	t.Helper()
	report, err := instance.Look(t.Context())
	if err != nil || report.State != want || !report.Evidence.Landed() {
		t.Errorf("%s, evidence %+v, %v; want %s with evidence", report.State, report.Evidence, err, want)
	}
}
