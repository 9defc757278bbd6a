package cyrus

import "github.com/cyrdrill/cyrdrill/harness/target"

var _ target.Addressed = (*Pair)(nil)

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
