package score_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func all(target.Pair) []detect.Detector { return detect.All() }

func scoreOnSim(t *testing.T, faults []fault.Fault, detectors func(target.Pair) []detect.Detector) score.Score {
	t.Helper()
	s, err := score.Run(t.Context(), score.Options{Target: sim.New(), Suite: "bookworm", Seed: 1, Faults: faults, Detectors: detectors})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each detector finds all that it has to claim, whichever fault did it and on whichever
// server, and raises no false alarm.
func TestScorecardOnSim(t *testing.T) {
	failures, unknowns := scoreOnSim(t, fault.All(), all).Shortcomings()
	for _, line := range append(failures, unknowns...) {
		t.Error(line)
	}
}

func TestEachDetectorClaimsTheMinimum(t *testing.T) {
	for name, kinds := range score.Minimum() {
		d, ok := detect.ByName(name)
		if !ok {
			t.Errorf("no detector %s", name)
			continue
		}
		for _, kind := range kinds {
			if !slices.Contains(d.Promise().Kinds, kind) {
				t.Errorf("%s does not claim %s", name, kind)
			}
		}
	}
}

// Together the claims leave no damage of the catalogue unclaimed, and none is on the
// list of those that cannot be claimed and claimed after all.
func TestNoDamageIsUnclaimed(t *testing.T) {
	claimed := map[target.Kind]bool{}
	for _, kinds := range score.Minimum() {
		for _, kind := range kinds {
			claimed[kind] = true
		}
	}
	for _, trial := range scoreOnSim(t, fault.All(), all).Trials {
		for _, d := range trial.Damage {
			_, excused := score.Unclaimed()[d.Kind]
			if claimed[d.Kind] == excused {
				t.Errorf("%s does %s: claimed %v, excused %v", trial.Fault, d.Kind, claimed[d.Kind], excused)
			}
		}
	}
}

// altered is a detector with a planted bug: what becomes of its findings.
type altered struct {
	detect.Detector
	alter func([]detect.Finding) []detect.Finding
}

func (a altered) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	found, err := a.Detector.Detect(ctx, scene)
	return a.alter(found), err
}

// with puts a planted bug into one of the detectors.
func with(name string, alter func([]detect.Finding) []detect.Finding) func(target.Pair) []detect.Detector {
	return func(target.Pair) []detect.Detector {
		d, _ := detect.ByName(name)
		return []detect.Detector{altered{d, alter}}
	}
}

// doing returns the faults that do damage of a kind.
func doing(s score.Score, kind target.Kind) []fault.Fault {
	names := map[string]bool{}
	for _, trial := range s.Trials {
		for _, d := range trial.Damage {
			names[trial.Fault] = names[trial.Fault] || d.Kind == kind
		}
	}
	return slices.DeleteFunc(fault.All(), func(f fault.Fault) bool { return !names[f.Name()] })
}

// Whichever comparison a detector leaves out, its score turns red.
func TestALeftOutComparisonShows(t *testing.T) {
	whole := scoreOnSim(t, fault.All(), all)
	for _, name := range slices.Sorted(maps.Keys(score.Minimum())) {
		for _, kind := range score.Minimum()[name] {
			faults := doing(whole, kind)
			if len(faults) == 0 {
				continue // no fault of the catalogue does it
			}
			t.Run(name+" without "+string(kind), func(t *testing.T) {
				s := scoreOnSim(t, faults, with(name, func(found []detect.Finding) []detect.Finding {
					return slices.DeleteFunc(found, func(f detect.Finding) bool { return f.Kind == kind })
				}))
				failures, _ := s.Shortcomings()
				if !slices.ContainsFunc(failures, func(line string) bool { return strings.Contains(line, name+" missed "+string(kind)) }) {
					t.Errorf("nobody misses it: %q", failures)
				}
			})
		}
	}
}

// So does an alarm about what is well, and the damaged side taken for the good one.
func TestAFalseAlarmShows(t *testing.T) {
	flip, _ := fault.ByName("message-file-flipped")
	for name, tc := range map[string]struct {
		alter func([]detect.Finding) []detect.Finding
		want  string
	}{
		"about another account": {func(found []detect.Finding) []detect.Finding {
			return append(found, detect.Finding{Kind: target.BodyDiffers, Place: target.Place{Server: target.Imap1, Account: "carol", Mailbox: "INBOX", UID: 1}})
		}, "false alarm of body-compare"},
		"about a mailbox that is not there": {func(found []detect.Finding) []detect.Finding {
			return append(found, detect.Finding{Kind: target.BodyDiffers, Place: target.Place{Server: target.Imap1, Account: "alice", Mailbox: "INBOX/Nowhere"}})
		}, "false alarm of body-compare"},
		"about an account that is not there": {func(found []detect.Finding) []detect.Finding {
			return append(found, detect.Finding{Kind: target.BodyDiffers, Place: target.Place{Server: target.Imap1, Account: "nobody"}})
		}, "false alarm of body-compare"},
		"about a server that is well": {func(found []detect.Finding) []detect.Finding {
			return append(found, detect.Finding{Kind: target.ServerDown, Place: target.Place{Server: target.Imap1}})
		}, "false alarm of body-compare"},
		"about the side": {func(found []detect.Finding) []detect.Finding {
			for i := range found {
				found[i].Right = found[i].Server
			}
			return found
		}, "believes the damaged side right"},
	} {
		t.Run(name, func(t *testing.T) {
			failures, _ := scoreOnSim(t, []fault.Fault{flip}, with("body-compare", tc.alter)).Shortcomings()
			if !slices.ContainsFunc(failures, func(line string) bool { return strings.Contains(line, tc.want) }) {
				t.Errorf("nobody says so: %q", failures)
			}
		})
	}
}

// idle is a fault that changes nothing.
type idle struct{ fault.Fault }

func (idle) Name() string { return "idle" }

func (idle) Inject(context.Context, fault.Scene) (fault.Instance, error) { return idle{}, nil }

func (idle) Look(context.Context) (fault.Report, error) {
	return fault.Report{Evidence: target.Evidence{Summary: "it was broken"}, State: fault.Live}, nil
}

// A fault that leaves no evidence is unknown, and nothing is scored by it.
func TestAFaultWithoutEvidenceIsUnknown(t *testing.T) {
	f, _ := fault.ByName("acl-changed")
	s := scoreOnSim(t, []fault.Fault{idle{f}}, all)
	failures, unknowns := s.Shortcomings()
	if len(failures) > 0 || len(unknowns) != 2 || !strings.Contains(unknowns[0], "no evidence") {
		t.Errorf("failures %q, unknowns %q", failures, unknowns)
	}
}

// On an undamaged pair at work nobody finds anything, however long sync_client rests.
// Who does not tell lag from damage does.
func TestCalm(t *testing.T) {
	calm := func(interval time.Duration, detectors func(target.Pair) []detect.Detector) score.Calm {
		c, err := score.RunCalm(t.Context(), score.CalmOptions{
			Target: sim.New(), Suite: "bookworm", Seed: 1, RepeatInterval: interval, For: 2 * time.Minute, Rate: 20, Detectors: detectors,
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.Traffic.Acknowledged < 2000 || c.Rounds < 5 {
			t.Errorf("not much of a test: %+v, %d rounds", c.Traffic, c.Rounds)
		}
		return c
	}
	for _, interval := range []time.Duration{0, 3 * time.Second} {
		c := calm(interval, all)
		for _, looks := range c.Looks {
			for _, f := range looks.False {
				t.Errorf("at an interval of %s %s finds %s", interval, looks.Detector, f)
			}
			if len(looks.Failed) > c.Rounds/4 {
				t.Errorf("at an interval of %s %s could not look %d times in %d: %s", interval, looks.Detector, len(looks.Failed), c.Rounds, looks.Failed[0])
			}
		}
	}
	hasty := func(target.Pair) []detect.Detector { return []detect.Detector{hasty{detect.IndexCompare{}}} }
	if calm(3*time.Second, hasty).FalseAlarms() == 0 {
		t.Error("a detector that takes lag for damage raises no false alarm")
	}
}

// hasty is a detector that is not told who replicates to whom, and so waits for nobody.
type hasty struct{ detect.Detector }

func (h hasty) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	scene.Master = ""
	return h.Detector.Detect(ctx, scene)
}

// The hunt finds what a detector says nothing of, and nothing where it says something.
func TestHunt(t *testing.T) {
	hunt := func(name string, faults ...string) []score.BlindSpot {
		o := score.HuntOptions{Target: sim.New(), Suite: "bookworm", Seed: 1, Name: name, Most: 10}
		for _, f := range faults {
			named, _ := fault.ByName(f)
			o.Faults = append(o.Faults, named)
		}
		o.Detector = func(target.Pair) detect.Detector {
			d, _ := detect.ByName(name)
			return d
		}
		spots, err := score.Hunt(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return spots
	}
	spots := hunt("index-compare", "message-file-flipped", "flags-changed")
	if len(spots) != 2 || spots[0].Damage[0].Kind != target.BodyDiffers || len(spots[0].Plan.Steps) != 4 {
		t.Errorf("%+v", spots)
	}
	if spots := hunt("body-compare", "message-file-flipped"); len(spots) != 0 {
		t.Errorf("%+v", spots)
	}
}
