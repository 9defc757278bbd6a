// Package lex reads what the line protocols of mail share: lines with literals in
// them, and the words that those are made of. What the words mean is the business
// of each protocol: IMAP and ManageSieve in harness/wire, the sync protocol's values
// in harness/target/dlist. The simulator's side of them uses it as well.
//
//	go test ./harness/target/lex
package lex
