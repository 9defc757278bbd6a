// Package dlist is the form in which Cyrus's sync protocol has its values: texts,
// lists, maps in order, and message files. Both sides of a conversation speak it,
// the harness's client and the simulator's server.
//
//	go test ./harness/target/dlist
package dlist
