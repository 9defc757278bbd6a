package estimate

import "math"

// fitted is a cost and how sure it is.
type fitted struct {
	cost Cost
	// variance of both, in seconds for all that the window holds of each.
	mm, mb, bb float64
	unit       Cost // what the variances are in: one over messages, one over bytes
}

// errorOf is the standard error of what so much work is said to take.
func (f fitted) errorOf(w Work) float64 {
	m, b := float64(w.Messages)*f.unit.PerMessage, float64(w.Bytes)*f.unit.PerByte
	return math.Sqrt(max(0, m*m*f.mm+2*m*b*f.mb+b*b*f.bb))
}

// What is known beforehand of how the costs of messages and of bytes stand to one
// another counts as so many pieces. Pieces that are all alike tell nothing of it, and
// then that stands.
const (
	assumedCounts = 0.5
	earlierCounts = 10.0
)

// fit measures both costs over the window. Their proportion leans on the one that
// the work before the window has shown, as far as the window itself does not tell;
// how large they are is the window's own.
func (r *Rate) fit() fitted {
	if r.fittedTo == len(r.samples) {
		return r.fitted
	}
	prior, counts := Assumed(), assumedCounts
	if r.from > 0 {
		prior, counts = r.earlier(), earlierCounts
	}
	r.fitted, r.fittedTo = leaning(r.samples[r.from:], prior, counts), len(r.samples)
	return r.fitted
}

// earlier is the cost that the work before the window has shown. It changes little from
// piece to piece, so it is not worked out for each.
func (r *Rate) earlier() Cost {
	if r.shownTo == 0 || r.from-r.shownTo > r.shownTo/20 {
		r.shown, r.shownTo = leaning(r.samples[:r.from], Assumed(), assumedCounts).cost, r.from
	}
	return r.shown
}

// leaning is a least-squares fit of took = cost, in which both costs are at least
// nothing, drawn towards a prior that is first made to take as long as the work has.
func leaning(samples []sample, prior Cost, counts float64) fitted {
	var all Work
	took, said := 0.0, 0.0
	for _, s := range samples {
		all, took, said = all.Plus(s.work), took+s.seconds(), said+prior.Of(s.work)
	}
	n := float64(len(samples))
	if said <= 0 || took <= 0 {
		return fitted{cost: prior}
	}
	scale := took / said
	unit := Cost{1 / max(1, float64(all.Messages)), 1 / max(1, float64(all.Bytes))}
	priorM, priorB := scale*prior.PerMessage/unit.PerMessage, scale*prior.PerByte/unit.PerByte

	// Each piece counts by one over its expected time: long ones scatter more.
	var mm, mb, bb, mt, bt float64
	for _, s := range samples {
		weight := 1 / (scale*prior.Of(s.work) + took/n/100)
		m, b := float64(s.work.Messages)*unit.PerMessage, float64(s.work.Bytes)*unit.PerByte
		mm, mb, bb = mm+weight*m*m, mb+weight*m*b, bb+weight*b*b
		mt, bt = mt+weight*m*s.seconds(), bt+weight*b*s.seconds()
	}
	leanM, leanB := counts/n*mm, counts/n*bb
	mm, bb = mm+leanM, bb+leanB
	mt, bt = mt+leanM*priorM, bt+leanB*priorB
	m, b := solve(mm, mb, bb, mt, bt)
	f := fitted{cost: Cost{m * unit.PerMessage, b * unit.PerByte}, unit: unit}
	f.spread(samples, scale, prior, took/n/100, mm, mb, bb)
	return f
}

// solve solves both normal equations with neither result below nothing.
func solve(mm, mb, bb, mt, bt float64) (m, b float64) {
	if d := mm*bb - mb*mb; d > 1e-12*mm*bb && d > 0 {
		if m, b = (mt*bb-bt*mb)/d, (bt*mm-mt*mb)/d; m >= 0 && b >= 0 {
			return m, b
		}
	}
	onlyM, onlyB := ratio(mt, mm), ratio(bt, bb)
	if onlyM*mt >= onlyB*bt { // which of both explains more
		return onlyM, 0
	}
	return 0, onlyB
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return max(0, a/b)
}

// spread works out the variances from how far pieces were off.
func (f *fitted) spread(samples []sample, scale float64, prior Cost, least, mm, mb, bb float64) {
	off := 0.0
	for _, s := range samples {
		d := s.seconds() - f.cost.Of(s.work)
		off += d * d / (scale*prior.Of(s.work) + least)
	}
	off /= max(1, float64(len(samples)-2))
	if d := mm*bb - mb*mb; d > 0 {
		f.mm, f.mb, f.bb = off*bb/d, -off*mb/d, off*mm/d
	}
}
