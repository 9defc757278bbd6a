// Package front opens a simulated pair on sockets, so that real clients work
// against it: IMAP, LMTP, ManageSieve and the sync protocol of both servers.
//
// The simulator is one thread of control on a virtual clock. [Fronts] owns it from
// [Open] to [Fronts.Close]: whoever wants something of the pair, a client's command
// or a test that kills a server, gets it alone by [Fronts.Do]. Between requests the
// virtual clock goes on with the real one, so that mail is replicated while nobody
// asks; what a request takes in the model is added to that.
//
// A server looks from outside as it should: one that is down refuses connections,
// and those that it had are cut; one that hangs takes them and says nothing.
//
// Nothing here is deterministic, as sockets and real time are not.
//
//	cyrdrill sim serve
//	go test ./sim/front
package front
