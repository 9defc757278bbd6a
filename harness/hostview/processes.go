package hostview

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// cyrusProcesses are the programs of Cyrus that a server runs.
var cyrusProcesses = []string{"master", "imapd", "lmtpd", "timsieved", "sync_server", "sync_client"}

// IsCyrus says whether a process of that name is one of Cyrus's.
func IsCyrus(name string) bool { return slices.Contains(cyrusProcesses, name) }

// ParseProcesses reads lines of /proc/PID/stat, "PID (NAME) STATE …" (proc(5)), and
// returns Cyrus's processes, sorted by name and pid.
func ParseProcesses(stats []byte) []target.Process {
	var processes []target.Process
	for line := range bytes.Lines(stats) {
		open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
		if open < 1 || end < open || len(line) < end+3 {
			continue
		}
		pid, err := strconv.Atoi(string(bytes.TrimSpace(line[:open])))
		name := string(line[open+1 : end])
		if err != nil || !IsCyrus(name) {
			continue
		}
		processes = append(processes, target.Process{PID: pid, Name: name, State: StateOf(line[end+2])})
	}
	SortProcesses(processes)
	return processes
}

// SortProcesses sorts them by name and pid.
func SortProcesses(processes []target.Process) {
	slices.SortFunc(processes, func(a, b target.Process) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.PID, b.PID)) })
}

// StateOf returns the state that proc(5) has that letter for.
func StateOf(letter byte) target.ProcessState {
	switch letter {
	case 'T', 't':
		return target.ProcessStopped
	case 'Z', 'X':
		return target.ProcessZombie
	default:
		return target.ProcessRunning
	}
}
