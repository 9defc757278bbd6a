package detect_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// furnishAll gives alice all that a fault can take away of what the host view shows, and
// lets bob see some of her mail; all of it is replicated.
func furnishAll(t *testing.T, pair target.Pair) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	alice, err := pair.Serving().User().Login(t.Context(), "alice")
	must(err)
	must(alice.CreateMailbox(t.Context(), "INBOX/Köln"))
	for i := range 4 {
		message := target.AppendMessage{Body: fmt.Appendf(nil, "Message-ID: <%d@drill.example>\r\nSubject: message %d\r\n\r\n%s\r\n", i, i, strings.Repeat("text ", 10*i+20))}
		message.Flags = []string{`\Answered`, "$Work"}
		for _, mailbox := range []string{"INBOX", "INBOX/Köln"} {
			_, _, err := alice.Append(t.Context(), mailbox, message)
			must(err)
		}
	}
	must(alice.Expunge(t.Context(), "INBOX", []uint32{2}))
	must(alice.SetACL(t.Context(), "INBOX", "bob", "lrs"))
	must(alice.Close())
	bob, err := pair.Serving().User().Login(t.Context(), "bob")
	must(err)
	must(bob.SetFlags(t.Context(), "user/alice", []uint32{1, 3}, []string{`\Seen`}, nil))
	must(bob.Close())
	store(t, pair.Serving(), newRules)
	deliverTo(t, pair, accounts...)
	settled(t, pair)
}

// settled waits until nothing waits to be replicated.
func settled(t *testing.T, pair target.Pair) {
	t.Helper()
	err := target.WaitUntil(t.Context(), pair.Clock(), time.Minute, "the sync log to be empty", func(ctx context.Context) (bool, string, error) {
		log, err := pair.Serving().Host().SyncLog(ctx)
		return log.Pending() == 0, fmt.Sprint(log.Pending()), err
	})
	if err != nil {
		t.Fatal(err)
	}
	replicated(t, pair)
}

// foundBy says what a detector finds, as wanted damage is written: its kind, server,
// account, mailbox and UID.
func foundBy(t *testing.T, pair target.Pair, d detect.Detector) []string {
	t.Helper()
	found, err := look(t.Context(), pair, d)
	if err != nil {
		t.Fatal(err)
	}
	said := []string{}
	for _, f := range found {
		if !slices.Contains(d.Promise().Kinds, f.Kind) || f.Detector != d.Name() || f.Evidence == "" || f.FoundAt.IsZero() {
			t.Errorf("%s found what it does not claim, or does not tell how: %+v", d.Name(), f)
		}
		if f.Kind == target.BodyDiffers && f.Right != f.Server.Other() {
			t.Errorf("the other side has the message, and is not called right: %v", f)
		}
		said = append(said, written(f.Kind, f.Place))
	}
	slices.Sort(said)
	return slices.Compact(said)
}

func written(kind target.Kind, at target.Place) string {
	uid := ""
	if at.UID > 0 {
		uid = fmt.Sprint(at.UID)
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s", kind, at.Server, at.Account, at.Mailbox, uid)), " ")
}

// claimed is the damage that an instance did and a detector claims to find.
func claimed(report fault.Report, d detect.Detector) []string {
	want := []string{}
	for _, damage := range report.Damage {
		if report.State == fault.Live && slices.Contains(d.Promise().Kinds, damage.Kind) {
			want = append(want, written(damage.Kind, damage.Place))
		}
	}
	slices.Sort(want)
	return slices.Compact(want)
}

// hostFaults are the faults whose damage the detectors find by the host view alone, or by
// reading all bodies.
var hostFaults = map[string][]string{
	"spool-check": {
		"index-record-wiped", "tombstone-lost", "guids-swapped", "message-file-missing", "message-file-emptied", "message-file-truncated",
		"message-file-flipped", "message-files-swapped", "stray-message-file", "message-file-owner-wrong", "message-file-mode-wrong",
	},
	"health": {
		"cache-truncated", "cache-deleted", "mailbox-header-deleted", "conversations-truncated", "conversations-deleted", "seen-truncated",
		"disk-full", "disk-read-only", "clock-ahead", "clock-behind",
	},
	"body-sample": {
		"guids-swapped", "message-file-missing", "message-file-emptied", "message-file-truncated",
		"message-file-flipped", "message-files-swapped", "message-file-owner-wrong", "message-file-mode-wrong",
	},
}

// alsoFound is what is wrong after a fault and not called its damage, because it follows
// from what is. %s stands for the server.
var alsoFound = map[string][]string{
	"health mailbox-folder-lost": {"data-file-damaged %s alice INBOX"},
}

// hostDetectors are those that this file is about, the sampling one with all it can draw.
func hostDetectors() []detect.Detector {
	return []detect.Detector{detect.SpoolCheck{}, detect.Health{}, detect.BodySample{Share: 1}}
}

// inject breaks a pair by a fault, and says whether that could be done to it so.
func inject(t *testing.T, pair target.Pair, f fault.Fault, on target.ServerName) (fault.Report, bool) {
	t.Helper()
	scene := fault.Scene{
		Pair: pair, On: on, Accounts: accounts, Hurt: []string{"alice"},
		Mailboxes: []fault.ChosenMailbox{{Account: "alice", Mailbox: "INBOX", Pick: 7}},
		Scripts:   []fault.ChosenScript{{Account: "alice", Script: "rules", Source: []byte(oldRules)}},
	}
	if strings.HasPrefix(f.Name(), "seen-") {
		scene.Hurt = []string{"bob"}
	}
	instance, err := f.Inject(t.Context(), scene)
	if err != nil {
		t.Logf("%s on %s cannot be: %v", f.Name(), on, err)
		return fault.Report{}, false
	}
	report, err := instance.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report, report.Evidence.Landed()
}

// Of every fault in the catalogue each of these detectors finds what it claims, at the
// right place, and nothing else; and on a pair that is well nothing.
func TestHostDetectorsFindTheCatalogue(t *testing.T) {
	for _, on := range []target.ServerName{target.Imap2, target.Imap1} {
		met := map[string][]string{}
		for _, f := range fault.All() {
			t.Run(f.Name()+" on "+string(on), func(t *testing.T) {
				pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts, MovingClock: true, SmallDisk: true})
				if err != nil {
					t.Fatal(err)
				}
				furnishAll(t, pair)
				for _, d := range hostDetectors() {
					if diff := cmp.Diff([]string{}, foundBy(t, pair, d)); diff != "" {
						t.Errorf("%s, on a pair that is well:\n%s", d.Name(), diff)
					}
				}
				report, done := inject(t, pair, f, on)
				if !done || f.Name() == "sync-port-garbled" { // of which an observer is told no index
					return
				}
				for _, d := range hostDetectors() {
					want := claimed(report, d)
					if len(want) > 0 {
						met[d.Name()] = append(met[d.Name()], f.Name())
					}
					for _, also := range alsoFound[d.Name()+" "+f.Name()] {
						want = append(want, fmt.Sprintf(also, on))
					}
					if d.Name() == "body-sample" && unreadable(t, pair) {
						continue // as body-compare, it cannot look then
					}
					if diff := cmp.Diff(want, foundBy(t, pair, d)); diff != "" {
						t.Errorf("%s (-damage +found):\n%s", d.Name(), diff)
					}
				}
			})
		}
		for name, faults := range hostFaults {
			slices.Sort(faults)
			slices.Sort(met[name])
			if diff := cmp.Diff(faults, met[name]); diff != "" {
				t.Errorf("damage that %s claims was done on %s by (-want +met):\n%s", name, on, diff)
			}
		}
	}
}

// unreadable says whether a state with bodies cannot be taken of each account.
func unreadable(t *testing.T, pair target.Pair) bool {
	t.Helper()
	_, err := target.TakeSnapshots(t.Context(), pair.Executor(), accounts, target.LevelBody, pair.Server(target.Imap1), pair.Server(target.Imap2))
	var refused *target.RefusedError
	var nobody *target.UnreachableError
	var noInbox *target.NoInboxError
	return errors.As(err, &refused) || errors.As(err, &nobody) || errors.As(err, &noInbox)
}

func faultNamed(t *testing.T, name string) fault.Fault {
	t.Helper()
	f, ok := fault.ByName(name)
	if !ok {
		t.Fatalf("no fault %s", name)
	}
	return f
}
