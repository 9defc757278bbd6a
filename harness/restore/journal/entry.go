package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// APIVersion is the version of the format.
const APIVersion = "cyrdrill.journal/v1"

// header is the first line. It holds nothing of the moment, so that one which was
// cut short can be told from a file that is no journal.
type header struct {
	APIVersion string `json:"apiVersion"`
	Plan       string `json:"plan"`    // its digest
	Run        string `json:"run"`     // what is restored from where to where
	Actions    int    `json:"actions"` // of the plan
}

// Range is the actions from First to Last of a plan, counted from 0.
type Range [2]int

// Entry is a line: one of its parts is set, beside the time.
type Entry struct {
	At time.Time `json:"at"` // on the target's clock
	// Begun are actions that are about to be carried out together.
	Begun []Range `json:"begun,omitempty"`
	// Done are actions that the server has acknowledged, Found those that had
	// been done already when it was looked, Left those that were not carried out.
	Done  []Range `json:"done,omitempty"`
	Found []Range `json:"found,omitempty"`
	Left  []Range `json:"left,omitempty"`
	Why   string  `json:"why,omitempty"` // they were left
	// Anew are actions whose message gets a new UID, since its own was given to another
	// one after the plan was made.
	Anew []Range `json:"anew,omitempty"`
	// Verified is an account of which all that was done has been read back.
	Verified string `json:"verified,omitempty"`
	// Held is a server whose replication was stopped for the restore, Released
	// one whose replication goes on.
	Held     string `json:"held,omitempty"`
	Released string `json:"released,omitempty"`
	// Kept says where a copy of an index lies that was about to be rebuilt.
	Kept string `json:"kept,omitempty"`
	// Ended: there is nothing left to do.
	Ended bool `json:"ended,omitempty"`
}

// Ranges writes numbers, in whatever order, as ranges.
func Ranges(numbers []int) []Range {
	sorted := slices.Sorted(slices.Values(numbers))
	var ranges []Range
	for _, n := range sorted {
		if last := len(ranges) - 1; last >= 0 && n <= ranges[last][1]+1 {
			ranges[last][1] = n
			continue
		}
		ranges = append(ranges, Range{n, n})
	}
	return ranges
}

// read decodes a line, and takes no field that it does not know: such a journal is
// of another version.
func read(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("it is no line of a journal: %w", err)
	}
	if decoder.More() {
		return fmt.Errorf("it is no line of a journal: something follows the value")
	}
	return nil
}

func write(value any) ([]byte, error) {
	line, err := json.Marshal(value)
	return append(line, '\n'), err
}
