// Package target is what a drill runs on: a pair of Cyrus servers, real or
// simulated, seen through three views and moved by two kinds of hands.
//
// The views say what can be observed of a server:
//
//   - [IndexView] is what the index claims: Cyrus's sync protocol.
//   - [UserView] is what users really get: IMAP and LMTP.
//   - [HostView] is what an administrator sees on the machine: the sync log,
//     processes, syslog, files, the disk, the clock.
//
// The hands change it: an [Operator] does what an administrator may do, a
// [Saboteur] does what an incident does. Detectors get views alone, restorers
// and plan steps get the views and the operator, faults alone get the saboteur.
//
// Time and concurrency belong to the target as well: whoever waits, polls or
// runs workers uses the pair's [Clock] and [Executor], so that a drill on the
// simulator is repeatable to the byte.
//
// The package holds interfaces, the canonical [Snapshot] with its [Diff], and
// helpers that need nothing else ([TakeSnapshot], [WaitUntil]). It knows
// neither implementation. Its own tests run with
//
//	go test ./harness/target
package target
