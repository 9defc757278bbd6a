// Package score measures detectors: it breaks pairs with every fault of the
// catalogue, lets every detector look, and holds what it says against what was
// broken.
//
// A trial is one fault on one server of a furnished pair. What a fault did is
// pieces of damage; a detector is held to those of the kinds that it promises to
// find, and to no others. What it says beyond that is held against the raw state
// of the servers: a finding is a false alarm only where nothing is wrong.
//
//	go test ./harness/score
package score
