package score

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Score is what detectors were worth on one target.
type Score struct {
	Target string  `json:"target"`
	Cyrus  string  `json:"cyrus"`
	Suite  string  `json:"suite"`
	Trials []Trial `json:"trials"`
	// Planned is how many trials were to be made, and Partial why there are fewer; empty
	// where there are not.
	Planned int    `json:"planned"`
	Partial string `json:"partial,omitempty"`
}

// Tally is one detector's sum over all trials.
type Tally struct {
	Detector string `json:"detector"`
	Claimed  int    `json:"claimed"` // pieces of damage that it promised to find
	Found    int    `json:"found"`
	Also     int    `json:"also"`  // true findings that no claim covers
	False    int    `json:"false"` // findings where nothing is wrong
	Wrong    int    `json:"wrong_side"`
	Unsure   int    `json:"undecided"` // found, and which side is right was not told
	Failed   int    `json:"failed"`    // trials in which it could not look
	// Recall is Found of Claimed; Precision is the true findings among all. Each has
	// its interval.
	Recall    Ratio `json:"recall"`
	Precision Ratio `json:"precision"`
	// Median is the median time to detection, and Look that of a whole look.
	Median time.Duration `json:"median_ns"`
	Look   time.Duration `json:"look_ns"`
}

// Ratio is a share, with the interval that holds 95 of a hundred resamplings of the
// trials (bootstrap). Known is false where there was nothing to divide by.
type Ratio struct {
	Known    bool    `json:"known"`
	Value    float64 `json:"value"`
	From, To float64
}

// Tallies returns a tally for each detector, in the order of the cells.
func (s Score) Tallies() []Tally {
	var tallies []Tally
	for _, name := range s.Detectors() {
		cells := s.cellsOf(name)
		t := sum(name, cells)
		t.Recall = ratio(cells, func(t Tally) (int, int) { return t.Found, t.Claimed })
		t.Precision = ratio(cells, func(t Tally) (int, int) { return t.Found + t.Also, t.Found + t.Also + t.False })
		tallies = append(tallies, t)
	}
	return tallies
}

// Detectors returns the detectors' names, in the order of the cells.
func (s Score) Detectors() []string {
	var names []string
	for _, t := range s.Trials {
		for _, c := range t.Cells {
			if !slices.Contains(names, c.Detector) {
				names = append(names, c.Detector)
			}
		}
	}
	return names
}

// Void returns the trials that tell nothing.
func (s Score) Void() []Trial {
	var void []Trial
	for _, t := range s.Trials {
		if t.Void != "" {
			void = append(void, t)
		}
	}
	return void
}

func (s Score) cellsOf(detector string) []Cell {
	var cells []Cell
	for _, t := range s.Trials {
		for _, c := range t.Cells {
			if c.Detector == detector {
				cells = append(cells, c)
			}
		}
	}
	return cells
}

func sum(name string, cells []Cell) Tally {
	t := Tally{Detector: name}
	var times, looks []time.Duration
	for _, c := range cells {
		looks = append(looks, c.Took)
		t.Claimed += len(c.Pieces)
		t.Also += len(c.Also)
		t.False += len(c.False)
		if c.Failed != "" {
			t.Failed++
		}
		for _, p := range c.Pieces {
			if !p.Found {
				continue
			}
			t.Found++
			times = append(times, p.After)
			switch p.Side {
			case WrongSide:
				t.Wrong++
			case Undecided:
				t.Unsure++
			}
		}
	}
	t.Median, t.Look = median(times), median(looks)
	return t
}

// median is the middle one; zero of none.
func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// resamplings is how many bootstrap samples make an interval.
const resamplings = 1000

// ratio is a share of the cells' sums with its interval. Trials are drawn, not pieces:
// what one fault broke is found or missed together.
func ratio(cells []Cell, of func(Tally) (part, whole int)) Ratio {
	parts := make([][2]int, len(cells))
	var all [2]int
	for i, c := range cells {
		part, whole := of(sum("", []Cell{c}))
		parts[i] = [2]int{part, whole}
		all[0], all[1] = all[0]+part, all[1]+whole
	}
	if all[1] == 0 {
		return Ratio{}
	}
	chance := rand.New(rand.NewPCG(1, 1)) // the same score, the same interval
	samples := make([]float64, 0, resamplings)
	for range resamplings {
		var drawn [2]int
		for range parts {
			p := parts[chance.IntN(len(parts))]
			drawn[0], drawn[1] = drawn[0]+p[0], drawn[1]+p[1]
		}
		if drawn[1] > 0 {
			samples = append(samples, float64(drawn[0])/float64(drawn[1]))
		}
	}
	slices.SortFunc(samples, cmp.Compare[float64])
	return Ratio{
		Known: true, Value: float64(all[0]) / float64(all[1]),
		From: samples[len(samples)*25/1000], To: samples[len(samples)*975/1000],
	}
}
