// Package sim is the simulated pair: a deterministic model of two Cyrus servers
// and the rolling replication between them, behind the same interface as real
// ones. It behaves as Cyrus 3.6.1 was seen to behave (docs/cyrus.md),
// or as another version where it is asked to (version.go).
//
// Everything happens in one thread of control, on a virtual clock that begins
// at [Epoch], with all chance drawn from the pair's seed. So a seed gives the
// same trace ([Pair.Trace]) on any machine, byte for byte. There is no I/O, no
// real time and no global state here.
//
// The model is made of layers that can disagree, as the real ones do: message
// files, index with header and records, cache, list of mailboxes, what belongs to
// an account (subscriptions, quota, what it has seen of others' mail), scripts as
// source, bytecode and link, the sync log, processes, and a disk that outlives
// them. The replication between the two is Cyrus's own algorithm: what has changed
// since is sent, and where that does not lead to equal sides they are compared
// record by record, which changes the master as well.
//
//	go test ./sim
//	go test ./sim -run '^$' -bench .
package sim
