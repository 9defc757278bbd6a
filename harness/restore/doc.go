// Package restore brings back what users had been promised: the [Freeze] keeps
// the evidence, a [Restorer] turns findings into a [Plan] that can be read
// before anything is done, and [Apply] carries it out and reports. docs/restore.md
// tells on what evidence, in which order, and what happens when it is killed.
//
// Each restorer is one file and one value in [All]. Restorers get views and
// findings; they know neither what was broken nor what the ledger holds.
//
//	go test ./harness/restore
package restore
