package detect_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

// While users work, one side is always a little behind: that is no damage. Detectors that
// compare look again before they tell.
func TestLagIsNoFinding(t *testing.T) {
	crowd := []string{"alice", "bob", "carol", "dave"}
	for _, every := range []time.Duration{0, 3 * time.Second} {
		t.Run(fmt.Sprintf("looking at the log every %s", every), func(t *testing.T) {
			p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: crowd, RepeatInterval: every})
			if err != nil {
				t.Fatal(err)
			}
			users := traffic.NewUsers(p, traffic.NewLedger(nil), 1)
			end := p.Clock().Now().Add(2 * time.Minute)
			work := func(ctx context.Context) error {
				for n := 0; p.Clock().Now().Before(end); n++ {
					if _, err := users.Work(ctx, crowd[n%len(crowd):n%len(crowd)+1], 1, nil); err != nil {
						return err
					}
					if err := p.Clock().Sleep(ctx, 30*time.Millisecond); err != nil {
						return err
					}
				}
				return nil
			}
			scene := sceneOf(p, crowd)
			scene.RepeatInterval = every
			looks := 0
			watch := func(ctx context.Context) error {
				for ; p.Clock().Now().Before(end); looks++ {
					for _, d := range detect.All() {
						if slices.Contains([]string{"client-caches"}, d.Name()) {
							continue // it tells what a promotion at this moment would mean
						}
						found, err := d.Detect(ctx, scene)
						if err != nil {
							return fmt.Errorf("%s: %w", d.Name(), err)
						}
						for _, f := range found {
							t.Errorf("a false alarm of %s: %s", d.Name(), f)
						}
					}
				}
				return nil
			}
			if err := p.Executor().Run(t.Context(), work, watch); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d rounds of looks", looks)
		})
	}
}

func sceneOf(p target.Pair, accounts []string) detect.Scene {
	scene := detect.Scene{Clock: p.Clock(), Executor: p.Executor(), Accounts: accounts, Master: target.Imap1}
	for _, server := range p.Servers() {
		scene.Sides = append(scene.Sides, detect.LiveSide(server))
	}
	return scene
}

// A replica that follows is no finding whatever its master's mailboxes are called
// meanwhile: what counts is that it has come up to where the master was at first.
func TestMonitorTakesNoRenameForLag(t *testing.T) {
	box := func(name string, modseq uint64) target.Mailbox {
		return target.Mailbox{UniqueID: "one", Name: name, UIDValidity: 1, LastUID: 3, HighestModSeq: modseq}
	}
	behind := []string{"replica-behind alice on imap2 right: imap1"}
	for what, tc := range map[string]struct {
		first, now, copied target.Mailbox
		want               []string
	}{
		"even":                             {box("a", 5), box("a", 5), box("a", 5), nil},
		"at where the master was":          {box("a", 5), box("b", 9), box("a", 5), nil},
		"renamed, not written to since":    {box("a", 5), box("b", 9), box("b", 5), nil},
		"beyond, under the name of now":    {box("a", 5), box("b", 9), box("b", 7), nil},
		"beyond, under a name in between":  {box("a", 5), box("c", 9), box("b", 7), nil},
		"not yet where the master was":     {box("a", 5), box("b", 9), box("a", 4), behind},
		"the same, under the name of now":  {box("a", 5), box("b", 9), box("b", 4), behind},
		"as far, under a name of before":   {box("b", 5), box("c", 9), box("a", 5), behind},
		"called otherwise, and no rename":  {box("a", 5), box("a", 9), box("b", 7), behind},
		"it is not there, and was renamed": {box("a", 5), box("b", 9), target.Mailbox{UniqueID: "other"}, behind},
	} {
		t.Run(what, func(t *testing.T) {
			p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
			if err != nil {
				t.Fatal(err)
			}
			master := &working{Server: p.Server(target.Imap1), states: []target.Mailbox{tc.first, tc.now}}
			scene := sceneOf(p, []string{"alice"})
			scene.Sides = []detect.Side{
				detect.LiveSide(master), detect.LiveSide(&working{Server: p.Server(target.Imap2), states: []target.Mailbox{tc.copied}}),
			}
			found, err := detect.Monitor{}.Detect(t.Context(), scene)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, brief(found), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A batch that is long in work leaves the sync log as it is. As long as something of it
// arrives replication has not stopped, and is waited for.
func TestMonitorTakesNoLongBatchForAnEnd(t *testing.T) {
	box := func(modseq uint64) target.Mailbox {
		return target.Mailbox{Name: "a", UniqueID: "one", UIDValidity: 1, LastUID: 3, HighestModSeq: modseq}
	}
	for what, tc := range map[string]struct {
		copied []target.Mailbox
		want   []string
	}{
		"it arrives bit by bit": {[]target.Mailbox{box(1), box(2), box(3), box(4), box(5)}, nil},
		"nothing arrives":       {[]target.Mailbox{box(1)}, []string{"replication-stopped imap1 right: ", "replica-behind alice on imap2 right: imap1"}},
	} {
		t.Run(what, func(t *testing.T) {
			p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
			if err != nil {
				t.Fatal(err)
			}
			scene := sceneOf(p, []string{"alice"})
			scene.Sides = []detect.Side{
				detect.LiveSide(&working{Server: p.Server(target.Imap1), states: []target.Mailbox{box(5)}, oneBatch: true}),
				detect.LiveSide(&working{Server: p.Server(target.Imap2), states: tc.copied}),
			}
			found, err := detect.Monitor{}.Detect(t.Context(), scene)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, brief(found), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// working is a server on which users work: its one mailbox is in the next state at each
// look, and in the last one from then on, and its sync log is never empty, nor the same
// unless one batch is in work all the time.
type working struct {
	target.Server
	states   []target.Mailbox
	logs     int
	oneBatch bool
}

func (w *working) Index() target.IndexView { return workingIndex{w.Server.Index(), w} }
func (w *working) Host() target.HostView   { return workingHost{w.Server.Host(), w} }

type workingIndex struct {
	target.IndexView
	*working
}

func (w workingIndex) Mailboxes(context.Context, string) ([]target.Mailbox, error) {
	state := w.states[0]
	if len(w.states) > 1 {
		w.working.states = w.states[1:]
	}
	return []target.Mailbox{state}, nil
}

type workingHost struct {
	target.HostView
	*working
}

func (w workingHost) SyncLog(context.Context) (target.SyncLog, error) {
	if !w.oneBatch {
		w.logs++
	}
	return target.SyncLog{InWork: target.LogFile{Entries: []string{fmt.Sprintf("MAILBOX user.alice.%d", w.logs)}}}, nil
}
