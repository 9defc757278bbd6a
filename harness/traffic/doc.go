// Package traffic is users at work: it delivers, appends and expunges mail on
// whichever server the clients' address points to, and keeps the [Ledger], the
// client-side record of what was sent and what was answered. The ledger is the
// only truth about what users were promised; nothing in it comes from a
// server's index, from a fault or from a detector.
//
// Every message carries its marker in the header field [MarkerField]: LMTP
// adds fields of its own, so the digest of what was sent does not identify a
// delivered message.
//
//	go test ./harness/traffic
package traffic
