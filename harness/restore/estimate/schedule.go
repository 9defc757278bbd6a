package estimate

import (
	"slices"
	"time"
)

// Part is work that nobody but one worker can do, one piece after the other: that of an
// account.
type Part struct {
	Left Work
	// AtWork is the piece that somebody is at; nil: nobody has begun.
	AtWork *Piece
}

// RemainingOf estimates the time until these parts are done, by so many workers, who
// take them in that order. Towards the end there is not enough for all workers, and the
// longest part decides.
func (r *Rate) RemainingOf(now time.Time, workers int, parts []Part) Remaining {
	var left Work
	waiting := false
	for _, p := range parts {
		left, waiting = left.Plus(p.Left), waiting || p.AtWork == nil && p.Left != Work{}
	}
	if known, told := r.tellable(left); !told {
		return known
	}
	fitted := r.fit()
	if waiting || r.idle == 0 { // else workers are idle because there is nothing for them
		r.idle = max(1, r.sideBySide(now)*float64(workers))
	}
	free := make([]float64, max(1, workers)) // when each is
	for _, p := range parts {
		takes := fitted.cost.Of(p.Left)
		if p.AtWork != nil {
			takes = max(0, takes-p.AtWork.worked(fitted.cost, now))
		}
		next := 0
		for i := range free {
			if free[i] < free[next] {
				next = i
			}
		}
		free[next] += takes
	}
	seconds := r.idle * slices.Max(free)
	standardError := 0.0
	if whole := fitted.cost.Of(left); whole > 0 {
		standardError = seconds / whole * fitted.errorOf(left)
	}
	return between(seconds, standardError)
}
