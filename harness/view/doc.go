// Package view shows a Cyrus server over the network: the index view by the
// sync protocol, the user's view by IMAP and LMTP. It needs to know no more of
// a server than how to dial its services and an administrator's password, so
// it serves containers and machines in the field alike.
//
// Its tests need no server:
//
//	go test ./harness/view
package view
