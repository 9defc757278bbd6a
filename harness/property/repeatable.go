package property

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Repeatable is property 9: a restore may be done twice, killed and done again, and
// done by several workers, and leaves the same; and what it says of how long it takes
// is so.
type Repeatable struct{}

// Number implements [Property].
func (Repeatable) Number() int { return 9 }

// Name implements [Property].
func (Repeatable) Name() string { return "restore-repeatable" }

// Doc implements [Property].
func (Repeatable) Doc() string {
	return "a restore that is done twice, or killed and done again, leaves what one does; its estimates hold"
}

// Repeat is what a restore left, beside what it should have left.
type Repeat struct {
	What      string // how it was done: "applied twice", "killed 5 times"
	Server    target.ServerName
	Want, Got map[string]target.Snapshot // by account
	// Kept are messages that are to have the UIDs that they had, by account.
	Kept map[string][]KeptUID
}

// KeptUID is a message that has its UID again.
type KeptUID struct {
	Mailbox string
	UID     uint32
	GUID    string
}

// in says whether a mailbox has, or had, that message under that UID.
func (k KeptUID) in(snap target.Snapshot) bool {
	m, _ := snap.Mailbox(k.Mailbox)
	i, there := slices.BinarySearchFunc(m.Records, k.UID, func(r target.Record, uid uint32) int { return cmp.Compare(r.UID, uid) })
	return there && m.Records[i].GUID == k.GUID
}

// Estimate is what a restore told at one moment of the time that was left, and the
// truth.
type Estimate struct {
	Restorer string
	Share    float64 // of all work, that was done by then
	// Since is the share of all work that was done since the rate last changed, as
	// far as anybody knows: since the restore began, at most.
	Since      float64
	Told, Left time.Duration
	Whole      time.Duration // how long it took in all
	OnRealTime bool          // then a machine under load may take any time
}

const (
	// settledAfter is how much of the work an estimate may take to follow a change.
	settledAfter = 0.1
	// offBy is how far it may be off then, as a part of the time that is left,
	offBy = 0.2
	// and as a part of the whole time: of the last moments nobody wants to know.
	offByOfWhole = 0.01
)

// off says how far the estimate is off, in parts of the time that was left, and
// whether that is too far.
func (e Estimate) off() (part float64, tooFar bool) {
	off := (e.Told - e.Left).Abs()
	return off.Seconds() / max(e.Left.Seconds(), 1e-9), off > time.Duration(offBy*float64(e.Left)+offByOfWhole*float64(e.Whole))
}

// shownEnds is how many differences of one account's end are violations of their own.
const shownEnds = 5

// Check implements [Property].
func (p Repeatable) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	for _, repeat := range scene.Repeats {
		for _, account := range slices.Sorted(maps.Keys(repeat.Want)) {
			got, read := repeat.Got[account]
			at := target.Place{Server: repeat.Server, Account: account}
			if !read {
				result.unknown("%s: what a restore that was %s left was not read", at, repeat.What)
				continue
			}
			result.Checked++
			more, less := endDiffers(repeat.Want[account], got)
			for _, line := range more[:min(len(more), shownEnds)] {
				result.violateAt(at, "", "a restore that was %s leaves too much: %s", repeat.What, line)
			}
			for _, line := range less[:min(len(less), shownEnds)] {
				result.violateAt(at, "", "a restore that was %s leaves out: %s", repeat.What, line)
			}
			for _, kept := range repeat.Kept[account] {
				if !kept.in(got) {
					at.Mailbox, at.UID = kept.Mailbox, kept.UID
					result.violateAt(at, "", "a restore that was %s was to put message %.12s back under this UID, and it is not there", repeat.What, kept.GUID)
				}
			}
		}
	}
	for _, e := range scene.Estimates {
		if e.Since < settledAfter {
			continue
		}
		result.Checked++
		part, tooFar := e.off()
		switch {
		case tooFar && e.OnRealTime:
			result.note("", "%s estimated %s when %s were left, %.0f %% off", e.Restorer, e.Told.Round(time.Millisecond), e.Left.Round(time.Millisecond), 100*part)
		case tooFar:
			result.violateAt(target.Place{}, "", "%s estimated %s at %.0f %% of the work, when %s were left: %.0f %% off, more than %.0f",
				e.Restorer, e.Told.Round(time.Millisecond), 100*e.Share, e.Left.Round(time.Millisecond), 100*part, 100*offBy)
		}
	}
	return result.conclude()
}
