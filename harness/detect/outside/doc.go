// Package outside makes detectors of commands, so that anybody's checker is scored as
// the project's own are.
//
// A command is run by the shell, once for each look. It is told of the pair in its
// environment:
//
//	CYRDRILL_SERVERS      imap1 imap2
//	CYRDRILL_MASTER       the one that takes users: imap1
//	CYRDRILL_ACCOUNTS     alice bob carol
//	CYRDRILL_ADMIN        who may act as any account (SASL PLAIN)
//	CYRDRILL_PASSWORD     the administrator's password
//	CYRDRILL_IMAP1_IMAP   host:port; likewise _LMTP, _SIEVE, _SYNC, and IMAP2; empty
//	                      where the server is down
//
// It prints findings, one JSON object a line:
//
//	{"kind": "flags-differ", "server": "imap2", "account": "alice", "mailbox": "INBOX",
//	 "uid": 3, "right": "imap1", "evidence": "what it saw"}
//
// kind and server are needed; guid and script may be given as well; right is the server
// that is believed right, and left out where that cannot be told. A line
// {"claims": ["flags-differ"]} says what the command promises to find; without one it
// is held to all kinds of damage. An empty line and one that begins with # are passed
// over. What it writes to its standard error is shown where it fails.
//
// A command that does not end in time, ends with another status than 0, prints too much
// or what is no finding has failed to look. What it found before that counts.
//
//	go test ./harness/detect/outside
package outside
