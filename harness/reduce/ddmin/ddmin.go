// Package ddmin is delta debugging: it takes parts away from a list that fails for as
// long as what is left fails as well. Large parts are tried first, since a run on real
// servers takes seconds.
//
// The algorithm is Zeller and Hildebrandt's ddmin (Simplifying and Isolating
// Failure-Inducing Input, 2002), without its step that tries parts alone: what a plan
// needs is seldom in one piece.
//
//	go test ./harness/reduce/ddmin
package ddmin

import "slices"

// List returns the shortest list that it came to: as long as fails says no error, one of
// which no single item can be taken away. An error of fails ends the search; the list
// that was shortest by then is returned beside it. The list that is given is taken to
// fail, and is not changed; fails is never asked about the same list twice in a row.
func List[T any](list []T, fails func([]T) (bool, error)) ([]T, error) {
	for size := (len(list) + 1) / 2; size >= 1; {
		removed := false
		for at := 0; at < len(list); {
			rest := slices.Concat(list[:at], list[min(at+size, len(list)):])
			still, err := fails(rest)
			switch {
			case err != nil:
				return list, err
			case still:
				list, removed = rest, true
			default:
				at += size
			}
		}
		if size == 1 && !removed {
			break
		}
		if !removed || size > len(list) {
			size = max(1, size/2)
		}
	}
	return list, nil
}

// Number returns a number that fails, as small as halving the distance finds it: least
// where that does, and otherwise one whose lower neighbour did not. The number that is
// given is taken to fail. An error of fails ends the search, as that of [List].
func Number(number, least int, fails func(int) (bool, error)) (int, error) {
	if number <= least {
		return number, nil
	}
	still, err := fails(least)
	if err != nil || still {
		return pick(still, least, number), err
	}
	for holds := least; number-holds > 1; {
		middle := holds + (number-holds)/2
		still, err := fails(middle)
		switch {
		case err != nil:
			return number, err
		case still:
			number = middle
		default:
			holds = middle
		}
	}
	return number, nil
}

func pick(first bool, one, other int) int {
	if first {
		return one
	}
	return other
}
