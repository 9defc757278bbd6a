// Package sim is the simulated pair: a deterministic model of two Cyrus servers
// and the rolling replication between them, behind the same interface as real
// ones. It behaves as Cyrus 3.6.1 was seen to behave (docs/cyrus.md).
//
// Everything happens in one thread of control, on a virtual clock that begins
// at [Epoch], with all chance drawn from the pair's seed. So a seed gives the
// same trace ([Pair.Trace]) on any machine, byte for byte. There is no I/O, no
// real time and no global state here.
//
// The model is made of layers that can disagree, as the real ones do: message
// files, index, sync log, processes, and a disk that outlives them. So far it
// holds what delivery, append, expunge, replication, process death, promotion
// and rescue need.
//
//	go test ./sim
//	go test ./sim -run '^$' -bench .
package sim
