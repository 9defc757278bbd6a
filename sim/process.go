package sim

import (
	"cmp"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// process is one process of a server.
type process struct {
	pid   int
	name  string
	state target.ProcessState
}

func (s *server) up() bool { return len(s.processes) > 0 }

// spawn starts processes, each under a new pid.
func (s *server) spawn(names ...string) {
	for _, name := range names {
		s.lastPID += 1 + s.pair.rand.IntN(9)
		s.processes = append(s.processes, &process{pid: s.lastPID, name: name, state: target.ProcessRunning})
	}
	slices.SortFunc(s.processes, func(a, b *process) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.pid, b.pid)) })
}

// end takes the processes of a name away.
func (s *server) end(name string) {
	s.processes = slices.DeleteFunc(s.processes, func(p *process) bool { return p.name == name })
}

// process returns the process of that name, or nil.
func (s *server) process(name string) *process {
	for _, p := range s.processes {
		if p.name == name {
			return p
		}
	}
	return nil
}

// stopped says whether the process of that name is there, and stopped.
func (s *server) stopped(name string) bool {
	p := s.process(name)
	return p != nil && p.state == target.ProcessStopped
}

// hung says whether all processes are stopped.
func (s *server) hung() bool {
	return s.up() && !slices.ContainsFunc(s.processes, func(p *process) bool { return p.state == target.ProcessRunning })
}
