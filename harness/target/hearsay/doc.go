// Package hearsay is what a sync client can have wrong: each value is told to one
// server of a pair by Cyrus's sync protocol, through a [target.SyncSaboteur], and
// the server takes it for what its master said. All else of a mailbox is told as
// the server itself has it, so that nothing but the one thing changes.
//
//	go test ./harness/target/hearsay ./harness/fault
package hearsay
