// Package mailboxname translates the names of mailboxes.
//
// A mailbox has three names: the one its owner sees ("INBOX/a.b", UTF-8), the one
// an administrator sees ("user/alice/a.b"), and the internal one of Cyrus's own
// files, sync log and sync protocol ("user.alice.a^b"), which has dots for slashes,
// carets for dots, and modified UTF-7 (RFC 3501, section 5.1.3).
//
//	go test ./harness/target/mailboxname
package mailboxname
