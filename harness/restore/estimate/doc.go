// Package estimate tells how long the rest of a restore will take, from how long
// what is done has taken.
//
// Two things cost time: each message, and each byte of it. Both costs are measured,
// over the last stretch of work alone, so that an estimate follows a server that has
// become slower: a rate in messages alone was what was five times off in 2006, when
// the small mailboxes came first. How far it may be off is told with it.
//
//	go test ./harness/restore/estimate
package estimate
