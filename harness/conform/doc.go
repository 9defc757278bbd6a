// Package conform holds the simulator against real Cyrus: the same plan of
// operations and faults runs step by step on two targets, and what each step was
// answered, what both servers' states are whenever replication has come to rest,
// and what every detector finds at the end have to be the same.
//
// A [Plan] is pure data, drawn by [Plans] or written by hand. [Run] carries it out
// on a pair and returns a [Trace], in which everything that is free to differ
// between two runs (times, unique IDs, UIDVALIDITY's value, modseqs' values) is
// replaced by what may not: see [normaliser]. [Compare] returns the differences of
// two traces, and [Reduce] takes steps away from a plan as long as it shows the
// same one.
//
//	go test ./harness/conform
//	make conformance
package conform
