package plan

// Names are the catalogues that a plan draws on. The plan package has none of
// its own.
type Names struct {
	Faults     []FaultName
	Detectors  []string
	Restorers  []string
	Properties []string
	Marks      []string
	// Operations are those that a work step may be limited to.
	Operations []string
	// WithoutRescued are the restorers that need no rescued store.
	WithoutRescued []string
}

// FaultName is a fault and what it means for the steps after it.
type FaultName struct {
	Name string
	// StopsReplication: the server sends no further changes to the other. Such
	// a fault needs a server that replicates.
	StopsReplication bool
	// KillsServer: the server is gone until it is rescued. Such a fault needs a
	// server that runs.
	KillsServer bool
	// Promotes: the replica is the master afterwards.
	Promotes bool
	// NeedsServer: the server has to run. NeedsReplication: it has to be the master
	// of a pair in which both run.
	NeedsServer, NeedsReplication bool
	// EitherSide: where StopsReplication or NeedsReplication would want the master,
	// the replica will do as well. ReplicaOnly: nothing else will.
	EitherSide, ReplicaOnly bool
}

func (n Names) faultNames() []string {
	names := make([]string, len(n.Faults))
	for i, f := range n.Faults {
		names[i] = f.Name
	}
	return names
}

func (n Names) fault(name string) FaultName {
	for _, f := range n.Faults {
		if f.Name == name {
			return f
		}
	}
	return FaultName{}
}

// killers returns the names of the faults that end a server.
func (n Names) killers() []string {
	var names []string
	for _, f := range n.Faults {
		if f.KillsServer {
			names = append(names, f.Name)
		}
	}
	return names
}
