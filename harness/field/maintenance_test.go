package field

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// withWindows is a configuration with these windows.
func withWindows(windows ...string) []byte {
	return []byte(good + "maintenance:\n  - " + strings.Join(windows, "\n  - ") + "\n")
}

const (
	onceWindow   = "{server: imap2, from: 2026-12-01T22:00:00Z, to: 2026-12-01T23:30:00Z, because: a new kernel}"
	weeklyWindow = `{server: imap2, weekly: sunday, from: "23:00", to: "01:00", zone: Europe/Berlin, because: updates}`
)

func TestWindowsCoverTheirServerAlone(t *testing.T) {
	config, err := Parse("field.yaml", withWindows(onceWindow, weeklyWindow))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-12-01T21:59:59Z":      "",
		"2026-12-01T22:00:00Z":      "a new kernel",
		"2026-12-01T23:29:59Z":      "a new kernel",
		"2026-12-01T23:30:00Z":      "",
		"2026-11-29T22:59:59+01:00": "", // a Sunday
		"2026-11-29T23:00:00+01:00": "updates",
		"2026-11-30T00:59:59+01:00": "updates", // past midnight
		"2026-11-30T01:00:00+01:00": "",
		"2026-11-28T23:30:00+01:00": "",        // a Saturday
		"2026-07-05T22:30:00+01:00": "updates", // in Berlin's summer it is 23:30
		"2026-07-05T23:59:59+02:00": "updates",
		"2026-07-06T01:00:00+02:00": "",
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		w, covered := config.Maintained("imap2", now)
		if w.Because != want || covered != (want != "") {
			t.Errorf("at %s imap2 is maintained for %q, want %q", at, w.Because, want)
		}
		if _, covered := config.Maintained("imap1", now); covered {
			t.Errorf("at %s imap1 is maintained, too", at)
		}
	}
}

func TestAbsurdWindows(t *testing.T) {
	once := func(from, to string) string {
		return fmt.Sprintf("{server: imap2, from: %s, to: %s, because: x}", from, to)
	}
	weekly := func(day, from, to string) string {
		return fmt.Sprintf("{server: imap2, weekly: %s, from: %q, to: %q, because: x}", day, from, to)
	}
	const other = "{server: imap1, from: 2026-12-01T22:00:00Z, to: 2026-12-01T23:30:00Z, because: a new kernel}"
	for _, test := range []struct {
		name    string
		windows []string
		want    string // after the file's name; empty: nothing is wrong
	}{
		{"apart", []string{onceWindow, once("2026-12-01T23:30:00Z", "2026-12-01T23:40:00Z"), weekly("monday", "01:00", "02:00"), weekly("monday", "02:00", "01:00")}, ""},
		{"at once on two servers", []string{onceWindow, other}, ""},
		{"of no server", []string{strings.Replace(onceWindow, "imap2", "imap3", 1)}, `21:14: there is no server "imap3"; did you mean "imap2"?`},
		{"of nobody", []string{strings.Replace(onceWindow, "server: imap2, ", "", 1)}, `21:5: window: missing key "server"`},
		{"at no time", []string{"{server: imap2, because: x}"}, "21:5: window: missing key \"from\"\nfield.yaml:21:5: window: missing key \"to\""},
		{"none at all", []string{"sunday"}, `21:5: window must be a mapping, not the text "sunday"`},
		{"without a reason", []string{"{server: imap2, from: 2026-12-01T22:00:00Z, to: 2026-12-01T23:30:00Z}"}, `21:5: window: missing key "because"`},
		{"backwards", []string{once("2026-12-01T22:00:00Z", "2026-12-01T21:00:00Z")}, "21:53: the window ends before it begins; let it end after it has begun"},
		{"without length", []string{once("2026-12-01T22:00:00Z", "2026-12-01T22:00:00Z")}, "21:53: the window ends before it begins; let it end after it has begun"},
		{"without end", []string{once("2026-12-01T22:00:00Z", "2027-12-01T22:00:00Z")}, "21:53: the window is 8760h0m0s long: as long would an outage go unseen; a week is the most; write one for each time of work"},
		{"at no moment", []string{once("tonight", "2026-12-01T21:00:00Z")}, `21:27: from "tonight" is no moment; write one like 2026-12-01T22:00:00Z, or say weekly`},
		{"in a zone, once", []string{strings.Replace(onceWindow, "because", "zone: Europe/Berlin, because", 1)}, "21:81: zone is for weekly windows; write the zone into from and to, like 2026-12-01T22:00:00+01:00"},
		{"on no day", []string{weekly("funday", "22:00", "23:00")}, `21:29: unknown weekly "funday"; did you mean "sunday"?`},
		{"at no time of day", []string{weekly("sunday", "22:00", "24:00")}, `21:56: to "24:00" is no time of day; write one like "22:00"`},
		{"all week", []string{weekly("sunday", "22:00", "22:00")}, "21:56: the window ends when it begins; let it end after it has begun"},
		{"in no zone", []string{strings.Replace(weeklyWindow, "Europe/Berlin", "Europe/Atlantis", 1)}, `21:71: zone "Europe/Atlantis" is not known; write one like Europe/Berlin`},
		{"the same twice", []string{onceWindow, onceWindow}, "22:5: the window overlaps the one on line 21, of imap2 too; make one window of both, or set them apart"},
		{"one over the other's end", []string{onceWindow, once("2026-12-01T23:29:00Z", "2026-12-01T23:40:00Z")}, "22:5: the window overlaps the one on line 21, of imap2 too; make one window of both, or set them apart"},
		{"weekly ones over midnight of the last day", []string{weekly("saturday", "23:00", "02:00"), weekly("sunday", "01:00", "03:00")}, "22:5: the window overlaps the one on line 21, of imap2 too; make one window of both, or set them apart"},
		{"one within a weekly one", []string{weekly("tuesday", "21:00", "23:00"), onceWindow}, "22:5: the window overlaps the one on line 21, of imap2 too; make one window of both, or set them apart"},
		{"a weekly one within one", []string{once("2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z"), weekly("wednesday", "21:00", "21:01")}, "22:5: the window overlaps the one on line 21, of imap2 too; make one window of both, or set them apart"},
		{"weekly ones in two zones", []string{weeklyWindow, weekly("monday", "12:00", "13:00")}, "22:5: the window's zone is UTC, and that of the one on line 21 is Europe/Berlin; write all weekly windows of a server in one zone"},
	} {
		_, err := Parse("field.yaml", withWindows(test.windows...))
		got := ""
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "field.yaml:")
		}
		if got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}
