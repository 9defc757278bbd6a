// Package export writes a plan down for people who have no cyrdrill: as a shell script of
// plain Cyrus and IMAP commands ([Shell]), or as a test in the style of Cassandane, Cyrus's
// own suite ([Cassandane]). So a maintainer sees a bug with the tools at hand.
//
// Both carry the plan's steps and promises as they are, or not at all: a step that only
// cyrdrill can carry out (a restore, mail in bulk) or a promise that only cyrdrill can
// judge is refused with its place in the plan ([Check]). What only looks is left out, since
// it changes nothing. What users draw is taken from a [Rehearsal].
//
//	go test ./harness/export
//	cyrdrill export plan.yaml --as sh
package export
