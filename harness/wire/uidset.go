package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// rangesPerSet bounds a set's length: Cyrus takes words of up to 128 KiB, and
// a range has up to 22 bytes.
const rangesPerSet = 4000

// UIDSets returns sets that hold exactly the UIDs, in ascending order, each
// short enough for one command. Nil means all messages of a mailbox.
func UIDSets(uids []uint32) []string {
	if uids == nil {
		return []string{"1:*"}
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(uids)))
	var ranges []string
	for i := 0; i < len(sorted); {
		last := i
		for last+1 < len(sorted) && sorted[last+1] == sorted[last]+1 {
			last++
		}
		text := fmt.Sprint(sorted[i])
		if last > i {
			text += ":" + fmt.Sprint(sorted[last])
		}
		ranges = append(ranges, text)
		i = last + 1
	}
	var sets []string
	for chunk := range slices.Chunk(ranges, rangesPerSet) {
		sets = append(sets, strings.Join(chunk, ","))
	}
	return sets
}

// parseUIDSet returns the UIDs of a set in the order that it gives them, where
// exactly count of them are expected. (A server that claims 1:4294967295 is
// not taken at its word.)
func parseUIDSet(set string, count int) ([]uint32, error) {
	uids := make([]uint32, 0, count)
	ranges, err := parseUIDRanges(set)
	if err != nil {
		return nil, err
	}
	for _, r := range ranges {
		if uint64(r.Last-r.First) >= uint64(count-len(uids)) {
			return nil, fmt.Errorf("UID set %.60q does not name %d messages", set, count)
		}
		for uid := uint64(r.First); uid <= uint64(r.Last); uid++ {
			uids = append(uids, uint32(uid))
		}
	}
	if len(uids) != count {
		return nil, fmt.Errorf("UID set %.60q does not name %d messages", set, count)
	}
	return uids, nil
}

// parseUIDRanges returns the ranges of a set in the order that it gives them.
func parseUIDRanges(set string) ([]target.UIDRange, error) {
	var ranges []target.UIDRange
	for piece := range strings.SplitSeq(set, ",") {
		first, last, isRange := strings.Cut(piece, ":")
		from, err := strconv.ParseUint(first, 10, 32)
		to := from
		if err == nil && isRange {
			to, err = strconv.ParseUint(last, 10, 32)
		}
		if from, to = min(from, to), max(from, to); err != nil || from == 0 {
			return nil, fmt.Errorf("UID set %.60q is none", set)
		}
		ranges = append(ranges, target.UIDRange{First: uint32(from), Last: uint32(to)})
	}
	return ranges, nil
}
