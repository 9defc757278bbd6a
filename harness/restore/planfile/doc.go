// Package planfile reads and writes restore plans as files that somebody reviews, and may
// edit: JSON by account and mailbox, in which each action says what is done, why, on what
// evidence, how sure that is, and what mail clients will notice. [WriteText] writes the
// same to be read alone.
//
// A file that was edited into something that cannot be meant is refused with one line
// that says where and why.
//
//	go test ./harness/restore/planfile
package planfile
