package cyrus

import "github.com/cyrdrill/cyrdrill/harness/target"

var (
	_ target.Addressed = (*Pair)(nil)
	_ target.Machines  = (*Pair)(nil)
)

// Addresses implements [target.Addressed].
func (p *Pair) Addresses() target.Addresses {
	all := target.Addresses{}
	for _, name := range []target.ServerName{target.Imap1, target.Imap2} {
		s := p.server(name)
		s.mu.Lock()
		all[name] = map[string]string{}
		for service, address := range s.addresses {
			all[name][string(service)] = address
		}
		s.mu.Unlock()
	}
	return all
}

// OnMachine implements [target.Machines]: commands run as Cyrus's own user, by the
// server's clock.
func (p *Pair) OnMachine(name target.ServerName) []string {
	s := p.server(name)
	words := s.toolCommand("")
	return append([]string{"docker", "exec", "--interactive", "--user", "cyrus", s.id}, words[:len(words)-1]...)
}
