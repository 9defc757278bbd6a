package sim

import "github.com/cyrdrill/cyrdrill/harness/target"

// Condition is how a service of a server meets a client.
type Condition int

// The conditions.
const (
	Refuses Condition = iota // nobody listens
	Hangs                    // the kernel takes connections for a process that is stopped
	Answers
)

// Condition returns how a service of a server ("imap", "lmtp", "sieve", "sync")
// meets a client, and which life of the server that is. A connection ends with the
// life in which it was opened.
func (p *Pair) Condition(name target.ServerName, of string) (c Condition, life int) {
	s, to := p.server(name), service(of)
	switch {
	case s.refuses(to), to == serviceSync && s.garbled:
		return Refuses, s.life
	case s.stopped(to.process()):
		return Hangs, s.life
	}
	return Answers, s.life
}

// refuses says whether connections to the service are refused.
func (s *server) refuses(to service) bool {
	return s.process(to.process()) == nil || s.draining && to == serviceIMAP
}
