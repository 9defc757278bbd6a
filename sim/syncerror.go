package sim

// syncError is what sync_server answers, or what stops sync_client.
type syncError string

func (e syncError) Error() string { return string(e) }

const (
	syncChecksum    syncError = "IMAP_SYNC_CHECKSUM"       // the two sides cannot be made equal so simply
	syncMoved       syncError = "IMAP_MAILBOX_MOVED"       // the name or the unique ID is another's
	syncNonexistent syncError = "IMAP_MAILBOX_NONEXISTENT" //
	syncBadFormat   syncError = "IMAP_MAILBOX_BADFORMAT"   //
	syncIOError     syncError = "IMAP_IOERROR"             //
	syncExists      syncError = "IMAP_MAILBOX_EXISTS"      //
	syncAgain       syncError = "IMAP_AGAIN"               // something was done; look again
	syncChanged     syncError = "IMAP_SYNC_CHANGED"        // it does not settle
	syncCrash       syncError = "assertion failed"         // the process that looked is dead
	syncServerCrash syncError = "Bad protocol"             // its peer is
	syncDenied      syncError = "IMAP_PERMISSION_DENIED"   // no mailbox above it
	syncUnsupported syncError = "IMAP_MAILBOX_NOTSUPPORTED"
	syncBadSieve    syncError = "IMAP_SYNC_BADSIEVE" // a script that cannot be compiled
	syncProtocol    syncError = "IMAP_PROTOCOL_ERROR"
	syncParameters  syncError = "IMAP_PROTOCOL_BAD_PARAMETERS"
	syncNotFound    syncError = "CYRUSDB_NOTFOUND"
	syncAborted     syncError = "aborted" // the server is dead, without a word
)

// bailingText is what sync_client calls the error that it gives up a batch for.
func bailingText(err error) string {
	switch err {
	case syncBadFormat:
		return "Mailbox format corruption detected"
	case syncMoved:
		return "Mailbox has been moved to another server"
	case syncAgain, syncChanged:
		return "Mailbox has changed since last sync"
	case syncIOError:
		return textIOError
	case syncServerCrash, syncAborted, syncProtocol:
		return "Bad protocol"
	default:
		return "The remote Server(s) denied the operation"
	}
}
