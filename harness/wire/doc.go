// Package wire speaks to a Cyrus server where no library does, or where a
// library does not say exactly what is known when an answer fails to come.
//
//   - [Sync] speaks the protocol of sync_server, whose values package dlist has.
//   - [IMAP] is a thin client with what a user's session needs of Cyrus:
//     DIGEST.SHA1, MULTIAPPEND, pipelining, answers of any kind tolerated.
//   - [Admin] wraps go-imap for an administrator's ordinary commands.
//   - [LMTP] wraps go-smtp for deliveries.
//   - [Sieve] speaks ManageSieve, for users' scripts.
//
// Every call takes a context. When that ends, the connection is closed: an
// answer that is no longer awaited would be taken for the next one's.
//
// # What an error says
//
// A [target.RefusedError] is a server's no: nothing took effect. A
// [target.UnreachableError] means that no whole command was sent: nothing can
// have taken effect either. Everything else leaves it in doubt. In particular,
// BYE (421 in LMTP) in place of the answer to a command that was sent whole
// leaves a change in doubt, since a server may die between the act and its
// answer; for a command that only reads it is a refusal.
//
// The tests need no server:
//
//	go test ./harness/wire
//	go test -fuzz FuzzParse -fuzztime 30s ./harness/target/dlist
//	go test -fuzz FuzzReadResponse -fuzztime 30s ./harness/wire
//	go test -fuzz FuzzSieveAnswer -fuzztime 30s ./harness/wire
package wire
