// Package canaries plants bugs, one at a time, in the simulated servers, the detectors,
// the restorers and the engine that applies their plans, and wants exploration to find
// each of them: a canary that survives is a hole in the properties, in the generator of
// plans, or in the detectors. docs/canaries.md lists them, with what killed them.
//
// All of it is test code, so nothing of it can be linked into a program.
//
//	go test ./harness/explore/canaries            # the kept kills, and today's share of the hunt
//	make canaries                                 # all of the hunt, 60 s at most for each
//	go test ./harness/explore/canaries -all -write # the same, and writes down what it found
package canaries
