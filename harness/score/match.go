package score

import (
	"context"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
)

// holdAgainst fills in what a detector's findings are worth.
func (r *runner) holdAgainst(ctx context.Context, cell *Cell, promise detect.Promise, damage []fault.Damage, found []detect.Finding, truth *truth, began time.Time) {
	slices.SortStableFunc(found, byTime)
	used := make([]bool, len(found))
	for _, d := range damage {
		if !slices.Contains(promise.Kinds, d.Kind) {
			continue
		}
		piece := Piece{Damage: d, Chance: promise.Probability}
		for i, f := range found {
			if !Matches(f, d) {
				continue
			}
			used[i] = true
			if !piece.Found {
				piece.Found, piece.After, piece.Side = true, f.FoundAt.Sub(began), sideOf(f, d)
			}
		}
		cell.Pieces = append(cell.Pieces, piece)
	}
	for i, f := range found {
		switch {
		case used[i]:
		case truth.isTrue(ctx, f, damage):
			cell.Also = append(cell.Also, f)
		default:
			cell.False = append(cell.False, f)
		}
	}
}

// Matches says whether a finding is about a piece of damage: of its kind, at its
// place. Damage that shows on two servers by comparison may be told of either.
func Matches(f detect.Finding, d fault.Damage) bool {
	if f.Kind != d.Kind || d.Kind.OfOneServer() && f.Server != d.Server {
		return false
	}
	samePlace := f.Account == d.Account && (d.Mailbox == "" || f.Mailbox == "" || f.Mailbox == d.Mailbox)
	sameUID := d.UID == 0 || f.UID == 0 || f.UID == d.UID
	sameScript := d.Script == "" || f.Script == "" || f.Script == d.Script
	return samePlace && sameUID && sameScript
}

// sideOf says what a finding says of the side that is right, where its kind has two.
func sideOf(f detect.Finding, d fault.Damage) Side {
	switch {
	case f.Right == d.Server:
		return WrongSide
	case f.Right != "":
		return RightSide
	case f.Doubtful():
		return Undecided
	default:
		return ""
	}
}
