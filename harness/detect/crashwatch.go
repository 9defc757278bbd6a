package detect

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CrashWatch finds processes of Cyrus that ended as none should, by what their master
// process says of them, and by the last words that they have logged. Clients of such a
// process see a lost connection and no more, and those who come next are served by another
// one: nobody else tells.
//
// It tells of all ends since the pair was made or reset, for a detector has no memory.
// Processes that were asked to end (SIGTERM, SIGHUP), or that gave up with status 1,
// have not crashed.
//
// Cyrus logs no backtrace. What an assertion says is the place at which its innermost frame
// was, and where a core was dumped the finding says which program it has to be read with.
type CrashWatch struct{}

// Name implements [Detector].
func (CrashWatch) Name() string { return "crash-watch" }

// Doc implements [Detector].
func (CrashWatch) Doc() string {
	return "reads in syslog which of Cyrus's processes ended abnormally, and with what last words"
}

// Promise implements [Detector].
func (CrashWatch) Promise() Promise { return atOnce(target.ProcessCrashed) }

// Detect implements [Detector]: one finding for each sort of process on each server.
func (d CrashWatch) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	return scene.inLogs(ctx, d.Name(), func(server target.ServerName, log []byte) []Finding {
		var found []Finding
		for _, c := range crashes(log) {
			found = append(found, Finding{Kind: target.ProcessCrashed, Place: target.Place{Server: server}, Evidence: c.String()})
		}
		return found
	})
}

// crash is how processes of one sort have ended.
type crash struct {
	process string // "imap", as the master process calls it
	program string // of the first, where it has left a core
	times   int
	how     string // of the first; empty: by an assertion, and nobody's child
	words   string // the first one's last
}

func (c crash) String() string {
	how := c.how
	if how == "" {
		how = "ended by itself"
	}
	text := fmt.Sprintf("%s %s", c.process, how)
	if c.words != "" {
		text += ": " + c.words
	}
	if c.program != "" {
		text += fmt.Sprintf("; its backtrace is in the core: gdb -batch -ex bt %s CORE", c.program)
	}
	if c.times > 1 {
		text += fmt.Sprintf("; it or another of its kind %d times in all", c.times)
	}
	return text
}

var (
	// "master[8]: process type:SERVICE name:imap path:… age:1.2s pid:17 exited, status 70"
	reapedLine = regexp.MustCompile(`process type:\S+(?: name:(\S+))?(?: path:(\S+))?.* pid:(\d+) (exited, status (\d+)|signaled to death by (?:signal )?(\d+)? ?.*)$`)
	// "imap[17]: Fatal error: Internal error: assertion failed: …"
	saidLine = regexp.MustCompile(`cyrus/([\w-]+?)(?:\[(\d+)\])?: `)
)

const asserted = "assertion failed: "

// crashes reads a log, and returns the sorts of processes that crashed in the order of
// their first crash.
func crashes(log []byte) []crash {
	var all []crash
	said := map[string]crash{} // by pid: with last words, and of an end that is not told of yet
	note := func(c crash) {
		i := slices.IndexFunc(all, func(other crash) bool { return other.process == c.process })
		if i < 0 {
			all = append(all, c)
			i = len(all) - 1
		}
		all[i].times++
	}
	for line := range logLines(log) {
		if m := reapedLine.FindStringSubmatch(line); m != nil {
			words := said[m[3]].words
			delete(said, m[3])
			if isCrash(m[5], m[6]) {
				note(crash{process: processName(m[1]), program: coreOf(m[2], m[4]), how: m[4], words: words})
			}
			continue
		}
		words := lastWords(line)
		if words == "" {
			continue // as for nearly all
		}
		if m := saidLine.FindStringSubmatch(line); m != nil {
			said[m[2]] = crash{process: m[1], words: words}
		}
	}
	// Those of tools are nobody's children: no master process tells of their end.
	for _, pid := range slices.Sorted(maps.Keys(said)) {
		if strings.HasPrefix(said[pid].words, asserted) {
			note(said[pid])
		}
	}
	return all
}

// lastWords returns why a process gives up, if that is what it has logged.
func lastWords(text string) string {
	if at := strings.Index(text, asserted); at >= 0 {
		return text[at:]
	}
	for _, beginning := range []string{": Fatal error: ", ": FATAL: "} {
		if _, words, ok := strings.Cut(text, beginning); ok {
			return words
		}
	}
	return ""
}

// coreOf returns the program whose core was dumped, if the master process says that one was.
func coreOf(program, how string) string {
	if !strings.Contains(how, "core dumped") {
		return ""
	}
	return cmp.Or(program, "PROGRAM")
}

// processName is what the master process calls a process, if by any name.
func processName(name string) string {
	if name == "" {
		return "a process"
	}
	return name
}

// isCrash tells a crash from an end that was asked for (SIGHUP, SIGTERM), and from a
// process that gives up for a reason that it has logged itself.
func isCrash(status, signal string) bool {
	if number, err := strconv.Atoi(status); err == nil {
		return number > 1
	}
	return signal != "1" && signal != "15"
}
