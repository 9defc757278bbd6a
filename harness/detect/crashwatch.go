package detect

import (
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
// process says of them, and by the last words that an assertion leaves. Clients of such a
// process see a lost connection and no more, and those who come next are served by another
// one: nobody else tells.
//
// It tells of all ends since the pair was made or reset, for a detector has no memory.
// Processes that were asked to end (SIGTERM, SIGHUP), or that gave up with status 1,
// have not crashed. Cyrus logs no backtrace.
type CrashWatch struct{}

// Name implements [Detector].
func (CrashWatch) Name() string { return "crash-watch" }

// Doc implements [Detector].
func (CrashWatch) Doc() string {
	return "reads in syslog which of Cyrus's processes ended abnormally, and by which assertion"
}

// Promise implements [Detector].
func (CrashWatch) Promise() Promise { return atOnce(target.ProcessCrashed) }

// Detect implements [Detector]: one finding for each sort of process on each server.
func (d CrashWatch) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, server := range servers {
		text, err := server.Host().Syslog(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading what %s has logged: %w", server.Name(), err)
		}
		for _, c := range crashes(text) {
			found = append(found, Finding{
				Kind: target.ProcessCrashed, Place: target.Place{Server: server.Name()}, Evidence: c.String(),
			})
		}
	}
	return scene.sign(d.Name(), found), nil
}

// crash is how processes of one sort have ended.
type crash struct {
	process   string // "imap", as the master process calls it
	times     int
	how       string // of the first; empty: by an assertion, and nobody's child
	assertion string // the first one's
}

func (c crash) String() string {
	how := c.how
	if how == "" {
		how = "ended by itself"
	}
	text := fmt.Sprintf("%s %s", c.process, how)
	if c.assertion != "" {
		text += ": " + c.assertion
	}
	if c.times > 1 {
		text += fmt.Sprintf("; it or another of its kind %d times in all", c.times)
	}
	return text
}

// asserting begins the last words of a process that ends by an assertion.
const asserting = "assertion failed: "

var (
	// "master[8]: process type:SERVICE name:imap path:… age:1.2s pid:17 exited, status 70"
	reapedLine = regexp.MustCompile(`process type:\S+(?: name:(\S+))?.* pid:(\d+) (exited, status (\d+)|signaled to death by (?:signal )?(\d+)? ?.*)$`)
	// "imap[17]: Fatal error: Internal error: assertion failed: …"
	assertedLine = regexp.MustCompile(`cyrus/([\w-]+?)(?:\[(\d+)\])?: .*(` + asserting + `.*)$`)
)

// crashes reads a log, and returns the sorts of processes that crashed in the order of
// their first crash.
func crashes(log []byte) []crash {
	var all []crash
	asserted := map[string]crash{} // by pid: with last words, and of an end that is not told of yet
	note := func(process, how, assertion string) {
		i := slices.IndexFunc(all, func(c crash) bool { return c.process == process })
		if i < 0 {
			all = append(all, crash{process: process, how: how, assertion: assertion})
			i = len(all) - 1
		}
		all[i].times++
	}
	for line := range strings.Lines(string(log)) {
		line = strings.TrimRight(line, "\r\n")
		if m := reapedLine.FindStringSubmatch(line); m != nil {
			words := asserted[m[2]].assertion
			delete(asserted, m[2])
			if isCrash(m[4], m[5]) {
				note(processName(m[1]), m[3], words)
			}
			continue
		}
		if !strings.Contains(line, asserting) {
			continue // as nearly all
		}
		if m := assertedLine.FindStringSubmatch(line); m != nil {
			asserted[m[2]] = crash{process: m[1], assertion: m[3]}
		}
	}
	// Those of tools are nobody's children: no master process tells of their end.
	for _, pid := range slices.Sorted(maps.Keys(asserted)) {
		note(asserted[pid].process, "", asserted[pid].assertion)
	}
	return all
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
