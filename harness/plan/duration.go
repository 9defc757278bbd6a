package plan

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

// durationText is what the schema calls a duration: finite, and with no unit
// that nobody would write.
var durationText = regexp.MustCompile(`^([0-9]+(h|m|s|ms))+$`)

// longest is the longest duration, in whole hours.
const longest = math.MaxInt64 / time.Hour * time.Hour

// formatDuration prints a duration as the schema wants it, down to
// milliseconds: "1m30s", "500ms", "0s".
func formatDuration(d time.Duration) string {
	var out strings.Builder
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&out, "%d%s", n, unit.name)
			d %= unit.size
		}
	}
	if out.Len() == 0 {
		return "0s"
	}
	return out.String()
}
