// Package salvage restores between two servers in the field: from one that was rescued
// to the one that serves. It gathers the evidence, has restorers plan on it, sees to it
// that replication carries nothing to the side that is right, and has the plan carried
// out. Until then it changes nothing.
//
//	go test ./harness/salvage
package salvage
