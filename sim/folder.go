package sim

import (
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// annotation names one annotation of a mailbox: of nobody (shared) or of one
// account (private).
type annotation struct{ entry, account string }

// file is one message file. Its bytes are never changed in place; its date is
// INTERNALDATE, with which Cyrus stamps it.
type file struct {
	body []byte
	date int64
	sum  digest

	denied bool // Cyrus may not read it
}

// newFile makes a file of bytes that nobody changes any more.
func newFile(body []byte, date int64) file {
	return file{body: body, date: date, sum: digest{body, guidOf(body)}}
}

// sha1 returns the SHA-1 of the file's bytes as they are now, in hex.
func (f file) sha1() string {
	if f.sum.isOf(f.body) {
		return f.sum.sha1
	}
	return guidOf(f.body)
}

// digest is the SHA-1 of certain bytes, which is taken once and not each time
// that somebody reads them.
type digest struct {
	of   []byte
	sha1 string
}

// isOf says whether it is of these very bytes, and not of others or of a copy.
func (d digest) isOf(body []byte) bool {
	return len(body) > 0 && len(body) == len(d.of) && &body[0] == &d.of[0]
}

// folder is what lies in a mailbox's directory: index, cache, header and message
// files, which may all disagree.
type folder struct {
	uniqueID    string
	index       index
	headerGone  bool            // cyrus.header is not there, so that the index is of no use
	uncached    map[uint32]bool // UIDs of which cyrus.cache tells nothing any more; nobody notices
	quotaRoot   string
	keywords    []string        // as they were first set, in that order
	files       map[uint32]file // message files by UID
	annotations map[annotation]string
}

func newFolder(uniqueID string, uidValidity uint32) *folder {
	return &folder{
		uniqueID: uniqueID, index: index{uidValidity: uidValidity},
		files: map[uint32]file{}, annotations: map[annotation]string{}, uncached: map[uint32]bool{},
	}
}

func (f *folder) clone() *folder {
	c := *f
	c.index.records, c.index.sums.newest = slices.Clone(f.index.records), slices.Clone(f.index.sums.newest)
	c.index.sums.conversations = maps.Clone(f.index.sums.conversations)
	c.keywords = slices.Clone(f.keywords)
	c.files, c.annotations, c.uncached = maps.Clone(f.files), maps.Clone(f.annotations), maps.Clone(f.uncached)
	return &c
}

// systemFlags as Cyrus spells them, by their names in lower case. \Recent is
// nobody's to set.
var systemFlags = map[string]string{
	`\seen`: `\Seen`, `\answered`: `\Answered`, `\flagged`: `\Flagged`, `\deleted`: `\Deleted`, `\draft`: `\Draft`,
}

// flag returns the flag as the mailbox has it. A keyword keeps the case in which
// it was set first.
func (f *folder) flag(name string) string {
	if strings.HasPrefix(name, `\`) {
		return systemFlags[strings.ToLower(name)]
	}
	for _, known := range f.keywords {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	f.keywords = append(f.keywords, name)
	return name
}

// flags returns the flags as the mailbox has them, sorted, each once; nil for
// none.
func (f *folder) flags(names []string) []string {
	var flags []string
	for _, name := range names {
		if flag := f.flag(name); flag != "" && !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	slices.Sort(flags)
	return slices.Clip(flags)
}

// guidOf returns a message's GUID: its SHA-1, in hex.
func guidOf(body []byte) string {
	sum := sha1.Sum(body)
	return hex.EncodeToString(sum[:])
}
