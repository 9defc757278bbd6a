// Package view shows a Cyrus server over the network: the index view by the
// sync protocol, the user's view by IMAP, LMTP and ManageSieve. It needs to know
// no more of a server than how to dial its services and an administrator's
// password, so it serves containers and machines in the field alike.
//
// What a server's failures look like here: a mailbox whose index cannot be
// opened is absent from the list, and asking for it is refused. One with a
// damaged record, however, can be the end of the process that is asked, in both
// views: that is a [target.RefusedError] with status BYE and "Fatal error". It
// is never asked again of its own accord, since five such ends make Cyrus's
// master process give the service up.
//
// Its tests need no server:
//
//	go test ./harness/view
package view
