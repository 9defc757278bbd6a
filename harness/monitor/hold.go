package monitor

import (
	"fmt"
	"strconv"
	"time"
)

// Hold is how long something has to stay as it is before anybody is told: a time, or where
// Rounds is not 0 a number of rounds.
type Hold struct {
	Time   time.Duration
	Rounds int
}

// UnmarshalText reads "5m", or "3" for three rounds.
func (h *Hold) UnmarshalText(text []byte) error {
	if rounds, err := strconv.Atoi(string(text)); err == nil {
		if rounds < 1 {
			return fmt.Errorf("%q: something stands for a round, or for more", text)
		}
		*h = Hold{Rounds: rounds}
		return nil
	}
	length, err := time.ParseDuration(string(text))
	if err != nil || length < 0 {
		return fmt.Errorf("%q is neither a time, like 5m, nor a number of rounds, like 3", text)
	}
	*h = Hold{Time: length}
	return nil
}

// over says whether something has stood long enough that was so first at a time, and in
// this many rounds since.
func (h Hold) over(since, now time.Time, rounds int) bool {
	if h.Rounds > 0 {
		return rounds >= h.Rounds
	}
	return now.Sub(since) >= h.Time
}
