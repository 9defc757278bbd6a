package sim

import (
	"maps"
	"slices"
	"strings"
)

// annotation names one annotation of a mailbox: of nobody (shared) or of one
// account (private).
type annotation struct{ entry, account string }

// folder is what lies in a mailbox's directory: index, cache, header and message
// files, which may all disagree.
type folder struct {
	uniqueID    string
	index       index
	headerGone  bool            // cyrus.header is not there, so that the index is of no use
	uncached    map[uint32]bool // UIDs of which cyrus.cache tells nothing any more; nobody notices
	headerOld   bool            // mailboxes.db has other rights than cyrus.header, for which there was no room
	quotaRoot   string
	keywords    []string // as they were first set, in that order; only ever added to
	files       messageFiles
	annotations map[annotation]string
	told        shownAnnotations
	described   description
}

func newFolder(uniqueID string, uidValidity uint32) *folder {
	return &folder{
		uniqueID: uniqueID, index: index{uidValidity: uidValidity},
		files: newMessageFiles(), annotations: map[annotation]string{}, uncached: map[uint32]bool{},
	}
}

func (f *folder) clone() *folder {
	c := *f
	c.index.records, c.index.sums.newest = slices.Clone(f.index.records), slices.Clone(f.index.sums.newest)
	c.index.sums.conversations = maps.Clone(f.index.sums.conversations)
	c.keywords = slices.Clone(f.keywords)
	c.annotations, c.uncached = maps.Clone(f.annotations), maps.Clone(f.uncached)
	c.files.at = maps.Clone(f.files.at)
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
	switch name {
	case `\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`: // as nearly all clients spell them
		return name
	}
	if strings.HasPrefix(name, `\`) {
		return systemFlags[strings.ToLower(name)]
	}
	if i := f.keyword(name); i >= 0 {
		return f.keywords[i]
	}
	f.keywords = append(f.keywords, name)
	return name
}

// keyword returns where a keyword stands among those that the mailbox has had; -1: it is
// none of them.
func (f *folder) keyword(name string) int {
	return slices.IndexFunc(f.keywords, func(known string) bool { return strings.EqualFold(known, name) })
}

// flags returns the flags as the mailbox has them, sorted, each once; nil for
// none.
func (f *folder) flags(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	flags := make([]string, 0, len(names))
	for _, name := range names {
		if flag := f.flag(name); flag != "" && !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	if len(flags) == 0 {
		return nil
	}
	slices.Sort(flags)
	return slices.Clip(flags)
}
