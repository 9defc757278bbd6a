// Package command runs commands of others on a pair: a detector or a restore tool that
// is no part of the project. A command is run by the shell, is told of the pair in its
// environment, and prints one JSON object a line. It may hang, crash, flood or print
// nonsense: each ends in one clear line, and never in a verdict.
//
//	CYRDRILL_SERVERS      imap1 imap2
//	CYRDRILL_ACCOUNTS     alice bob carol
//	CYRDRILL_ADMIN        who may act as any account (SASL PLAIN)
//	CYRDRILL_PASSWORD     the administrator's password
//	CYRDRILL_IMAP1_IMAP   host:port; likewise _LMTP, _SIEVE, _SYNC, and IMAP2; empty
//	                      where the server is down
//
// What a line means is its caller's: packages detect/outside and restore/outside.
//
//	go test ./harness/command
package command
