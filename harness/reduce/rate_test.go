package reduce

import "testing"

// A plan that fails seldom is tried often: nine chances of ten that it shows, if it can.
func TestTries(t *testing.T) {
	for rate, want := range map[Rate]int{{1, 1}: 1, {30, 30}: 1, {1, 2}: 4, {3, 4}: 2, {10, 50}: 11, {1, 100}: mostTries} {
		if got := rate.tries(); got != want {
			t.Errorf("at a rate of %s a plan is tried %d times, want %d", rate, got, want)
		}
	}
}
