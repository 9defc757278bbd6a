package ddmin_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/reduce/ddmin"
)

// Whatever items a failure hangs on, these and no others are left.
func TestListLeavesTheNeedlesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := make([]int, rapid.IntRange(1, 200).Draw(t, "length"))
		for i := range list {
			list[i] = i
		}
		needles := rapid.SliceOfNDistinct(rapid.SampledFrom(list), 1, min(5, len(list)), rapid.ID).Draw(t, "needles")
		slices.Sort(needles)
		before := slices.Clone(list)
		asked := 0
		got, err := ddmin.List(list, func(rest []int) (bool, error) {
			asked++
			return !slices.ContainsFunc(needles, func(n int) bool { return !slices.Contains(rest, n) }), nil
		})
		if err != nil || !slices.Equal(got, needles) {
			t.Fatalf("%v is left of the needles %v: %v", got, needles, err)
		}
		if !slices.Equal(list, before) {
			t.Fatal("the list that was given has changed")
		}
		if most := 4*len(list) + 20; asked > most {
			t.Fatalf("it took %d runs for a list of %d", asked, len(list))
		}
	})
}

func TestNumberFindsTheSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		needle, number := rapid.IntRange(0, 5000).Draw(t, "needle"), rapid.IntRange(0, 10000).Draw(t, "number")
		number = max(number, needle)
		asked := 0
		got, err := ddmin.Number(number, 1, func(n int) (bool, error) { asked++; return n >= needle, nil })
		if want := min(number, max(needle, 1)); err != nil || got != want {
			t.Fatalf("%d, want %d: %v", got, want, err)
		}
		if asked > 15 {
			t.Fatalf("it took %d runs", asked)
		}
	})
}

// Whoever ends the search gets what it had come to.
func TestTheSearchCanBeEnded(t *testing.T) {
	over := errors.New("the budget is spent")
	left := 2
	got, err := ddmin.List([]int{1, 2, 3, 4, 5, 6, 7, 8}, func([]int) (bool, error) {
		if left == 0 {
			return false, over
		}
		left--
		return left == 1, nil
	})
	if !errors.Is(err, over) || !slices.Equal(got, []int{5, 6, 7, 8}) {
		t.Errorf("%v, %v", got, err)
	}
	if n, err := ddmin.Number(100, 1, func(int) (bool, error) { return false, over }); n != 100 || !errors.Is(err, over) {
		t.Errorf("%d, %v", n, err)
	}
}
