package target

// Addresses are where a pair's services can be dialled from this machine, as
// "host:port", by server and service: "imap", "lmtp", "sieve", "sync". A server that
// is down has none.
type Addresses map[ServerName]map[string]string

// Addressed is a pair whose services can be dialled from this machine. A pair need
// not be one.
type Addressed interface {
	Addresses() Addresses
}

// Machines is a pair on whose servers' machines a command can be run from here, by other
// programs. A pair need not be one.
type Machines interface {
	// OnMachine returns the words that come before such a command: docker, exec, ….
	OnMachine(server ServerName) []string
}
