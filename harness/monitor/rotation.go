package monitor

import "slices"

// rotation chooses whose turn it is to be looked at closely. Those of whom something is
// known to be wrong come each time, as long as they are no more than half; the others take
// turns.
type rotation struct {
	most int    // at a time; 0: all
	last string // whose turn was last
}

// next returns those whose turn it is, sorted. All are sorted.
func (r *rotation) next(all, suspects []string) []string {
	if r.most == 0 || len(all) <= r.most {
		return all
	}
	chosen := map[string]bool{}
	for _, name := range suspects {
		if _, known := slices.BinarySearch(all, name); known && len(chosen) < r.most/2 {
			chosen[name] = true
		}
	}
	at, found := slices.BinarySearch(all, r.last)
	if found {
		at++
	}
	for range all {
		if len(chosen) == r.most {
			break
		}
		r.last = all[at%len(all)]
		chosen[r.last] = true
		at++
	}
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !chosen[name] })
}
