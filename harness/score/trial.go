package score

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/detect/baseline"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Trial is one fault on one server of a furnished pair, and what each detector made
// of it.
type Trial struct {
	Fault  string            `json:"fault"`
	Breaks fault.Object      `json:"breaks"`
	On     target.ServerName `json:"on"`
	Role   target.Role       `json:"role"`
	Target string            `json:"target"`
	Cyrus  string            `json:"cyrus"`
	// Void says why the trial tells nothing: the target cannot inject the fault, or it
	// left no evidence. Such a trial is unknown, and counts for nobody.
	Void   string         `json:"void,omitempty"`
	Damage []fault.Damage `json:"damage"`
	// Healed: when all had looked the damage was gone by itself.
	Healed bool   `json:"healed,omitempty"`
	Cells  []Cell `json:"cells"`
}

// Cell is what one detector made of one trial.
type Cell struct {
	Detector string  `json:"detector"`
	Pieces   []Piece `json:"pieces,omitempty"`
	// Also are findings that are true and that no claim of the detector's covers.
	Also []detect.Finding `json:"also,omitempty"`
	// False are findings where nothing is wrong.
	False []detect.Finding `json:"false,omitempty"`
	// Touched says what the detector changed by looking, which none may.
	Touched string `json:"touched,omitempty"`
	// Took is how long the detector looked, on the target's clock.
	Took time.Duration `json:"took_ns"`
	// Failed says why the detector could not look.
	Failed string `json:"failed,omitempty"`
}

// Piece is one piece of damage that a detector claims to find.
type Piece struct {
	Damage fault.Damage `json:"damage"`
	Found  bool         `json:"found"`
	// After is how long the detector looked until it was found, on the target's clock.
	After time.Duration `json:"after_ns,omitempty"`
	Side  Side          `json:"side,omitempty"`
	// Chance is the probability with which the detector had to find it.
	Chance float64 `json:"chance"`
}

// Side says what a finding said of the side that is right.
type Side string

// The sides that a finding can name.
const (
	RightSide Side = "right"     // the undamaged one
	WrongSide Side = "wrong"     // the damaged one
	Undecided Side = "undecided" // none, and the kind needs one
)

// roles are the servers on which a fault makes sense.
func roles(f fault.Fault) []target.ServerName {
	effects := f.Effects()
	switch {
	case effects.ReplicaOnly:
		return []target.ServerName{target.Imap2}
	case (effects.StopsReplication || effects.NeedsReplication) && !effects.EitherSide:
		return []target.ServerName{target.Imap1}
	default:
		return []target.ServerName{target.Imap1, target.Imap2}
	}
}

// specOf is the pair that a fault needs.
func specOf(f fault.Fault) target.Spec {
	effects := f.Effects()
	return target.Spec{MovingClock: effects.NeedsMovingClock, SmallDisk: effects.NeedsSmallDisk}
}

// try breaks a pair with a fault and lets all detectors look: those that alter what they
// look at each at a pair of its own that was broken likewise.
func (r *runner) try(ctx context.Context, pair target.Pair, f fault.Fault, on target.ServerName) (Trial, error) {
	var harmless, altering []detect.Detector
	for _, d := range r.detectors(pair) {
		if baseline.Alters(d) {
			altering = append(altering, d)
		} else {
			harmless = append(harmless, d)
		}
	}
	t, err := r.lookAt(ctx, pair, f, on, harmless)
	for _, d := range altering {
		if err != nil || t.Void != "" {
			break
		}
		var alone Trial
		alone, err = r.lookAt(ctx, pair, f, on, []detect.Detector{d})
		t.Cells, t.Void = append(t.Cells, alone.Cells...), alone.Void
	}
	return t, err
}

// lookAt breaks a pair with a fault and lets these detectors look.
func (r *runner) lookAt(ctx context.Context, pair target.Pair, f fault.Fault, on target.ServerName, detectors []detect.Detector) (Trial, error) {
	t := Trial{Fault: f.Name(), Breaks: f.Effects().Breaks, On: on, Target: r.target.Name(), Cyrus: pair.Version(), Damage: []fault.Damage{}}
	ctx, cancel := context.WithTimeout(ctx, r.trialWithin)
	defer cancel()
	if err := furnish(ctx, pair); err != nil {
		return t, err
	}
	t.Role = pair.Role(on) // the last trial may have left another
	truth, err := newTruth(ctx, pair)
	if err != nil {
		return t, err
	}
	scene, err := sceneFor(ctx, pair, f, on)
	if err != nil {
		t.Void = err.Error()
		return t, nil
	}
	instance, err := f.Inject(ctx, scene)
	if err != nil && f.Effects().HurtsAccounts {
		scene.Hurt = []string{bob} // the one may have what the other has not
		instance, err = f.Inject(ctx, scene)
	}
	if err != nil {
		t.Void = fmt.Sprintf("it could not be injected: %s", err)
		return t, nil
	}
	report, err := instance.Look(ctx)
	switch {
	case err != nil:
		t.Void = fmt.Sprintf("what it did could not be measured: %s", err)
		return t, nil
	case !report.Evidence.Landed():
		t.Void = "it left no evidence"
		return t, nil
	}
	t.Damage = append(t.Damage, report.Damage...)
	truth.work(ctx, pair)
	r.look(ctx, pair, &t, instance, truth, detectors)
	return t, nil
}

// look lets every detector look as often as the slowest promise takes, and fills in
// the cells.
func (r *runner) look(ctx context.Context, pair target.Pair, t *Trial, instance fault.Instance, truth *truth, detectors []detect.Detector) {
	t.Cells = make([]Cell, len(detectors))
	for i, d := range detectors {
		before := r.dataFiles(ctx, pair)
		began := pair.Clock().Now()
		found, failed := r.rounds(ctx, pair, d)
		took := pair.Clock().Now().Sub(began)
		t.Cells[i] = Cell{Detector: d.Name(), Took: took, Failed: failed, Touched: touched(before, r.dataFiles(ctx, pair))}
		r.holdAgainst(ctx, &t.Cells[i], d.Promise(), t.Damage, found, truth, began)
		if failed != "" && slices.ContainsFunc(t.Damage, silences) {
			t.Cells[i].Pieces = onlyFound(t.Cells[i].Pieces)
		}
	}
	// What healed by itself, before it could be found, counts for nobody.
	if report, err := instance.Look(ctx); err == nil && report.State == fault.Healed {
		t.Healed = true
		for i, d := range detectors {
			if !baseline.Alters(d) {
				t.Cells[i].Pieces = onlyFound(t.Cells[i].Pieces)
			}
		}
	}
}

// silences says whether damage keeps a server from answering anybody. Until it is
// brought up again, what else is wrong with it is out of reach for whoever asks servers.
func silences(d fault.Damage) bool {
	return d.Kind == target.ServerDown || d.Kind == target.ServerHung
}

func onlyFound(pieces []Piece) []Piece {
	var found []Piece
	for _, p := range pieces {
		if p.Found {
			found = append(found, p)
		}
	}
	return found
}

// sceneOf is a pair as detectors see it.
func sceneOf(pair target.Pair) detect.Scene {
	servers := pair.Servers()
	return detect.Scene{
		Clock: pair.Clock(), Executor: pair.Executor(), Accounts: Accounts(),
		Sides:  []detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])},
		Master: pair.Serving().Name(),
	}
}

// rounds lets a detector look as often as it asked for.
func (r *runner) rounds(ctx context.Context, pair target.Pair, d detect.Detector) (found []detect.Finding, failed string) {
	scene := sceneOf(pair)
	for round := range max(1, d.Promise().Rounds) {
		if round > 0 {
			if err := pair.Clock().Sleep(ctx, roundEvery); err != nil {
				return found, err.Error()
			}
		}
		asked, cancel := target.Within(ctx, pair.Clock(), detectWithin)
		seen, err := d.Detect(asked, scene)
		cancel()
		found = append(found, seen...)
		if err != nil {
			return found, err.Error()
		}
	}
	return found, ""
}

const (
	// detectWithin bounds one look, on the target's clock.
	detectWithin = 30 * time.Second
	// roundEvery is how long the monitor rests between two rounds.
	roundEvery = 2 * time.Second
)

// sceneFor chooses what a fault is to hurt: of what fits, what the furnished pair has
// first.
func sceneFor(ctx context.Context, pair target.Pair, f fault.Fault, on target.ServerName) (fault.Scene, error) {
	effects := f.Effects()
	scene := fault.Scene{Pair: pair, On: on, Accounts: hurt()}
	if effects.HurtsScripts {
		scene.Scripts = []fault.ChosenScript{{Account: alice, Script: rules, Source: []byte(oldRules)}}
	}
	for _, account := range hurt() {
		snap, err := target.TakeSnapshot(ctx, pair.Server(on), account, target.LevelIndex)
		if err != nil {
			return scene, err
		}
		if len(scene.Hurt) == 0 && effects.HurtsAccounts && (effects.FitsAccount == nil || effects.FitsAccount(snap)) {
			scene.Hurt = []string{account}
		}
		for _, m := range snap.Mailboxes {
			if len(scene.Mailboxes) == 0 && effects.HurtsMailboxes && m.LastUID > 0 && (effects.Fits == nil || effects.Fits(m)) {
				scene.Mailboxes = []fault.ChosenMailbox{{Account: account, Mailbox: m.Name, Pick: 1}}
			}
		}
	}
	if effects.HurtsAccounts && len(scene.Hurt) == 0 || effects.HurtsMailboxes && len(scene.Mailboxes) == 0 {
		return scene, errors.New("the furnished pair has nothing that it can hurt")
	}
	return scene, nil
}

// byTime orders findings by when they were made.
func byTime(a, b detect.Finding) int { return cmp.Compare(a.FoundAt.UnixNano(), b.FoundAt.UnixNano()) }
