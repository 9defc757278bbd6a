package explore

import "github.com/cyrdrill/cyrdrill/harness/detect"

func detectors() []detect.Detector { return detect.All() }

// logLines are words of each line that the simulator's Cyrus can log, and that no other
// has: what a campaign has made it say tells which of its paths it has gone. That the list
// is whole, a test holds against the simulator's source.
func logLines() []string {
	return []string{
		"terminated abnormally",
		"signaled to death by",
		"IOERROR: write failed:",
		"master: exiting",
		"guid mismatch\n",
		"inefficient qresync",
		"Error in sync_do_user(",
		"sieve runtime error",
		"master: process started",
		"Does not exist locally",
		"user replication failed",
		"failed to sync user",
		"attempt to UNMAILBOX without a tombstone",
		"Promoting: MAILBOX",
		"sync_host not defined",
		"M_RECORD",
		") failed, retrying in",
		"too many failures for service syncclient",
		"failed to settle renames",
		"do_folders(): update failed",
		"no tombstone for deleted mailbox",
		"failed to order folders correctly",
		"do_folders(): failed to rename",
		"inefficient replication",
		"SYNC_NOTICE: CRC failure on sync",
		"trying full update",
		"IOERROR: Failed to read file",
		"IOERROR: Size mismatch",
		"IOERROR: GUID mismatch",
		"highestmodseq higher on replica",
		"SYNCERROR: guid mismatch",
		"SYNCNOTICE: record mismatch with replica",
		"mailbox uniqueid changed - retry",
		"mailbox uniqueid changed - replacing",
		"mailbox uniqueid already in use",
		"mailbox sync mismatch",
		"append file failed",
		"dupelim: eliminated duplicate message",
		"bailing out!",
		"twoskip: recovery2 mailboxes.db",
		"offset greater than cache size",
		"Fatal error: idle for too long",
	}
}
