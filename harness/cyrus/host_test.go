package cyrus

import "testing"

// What a process of an earlier life logged while it was being ended tells nothing of the
// servers that a detector looks at.
func TestSyslogBeginsWithItsServersLife(t *testing.T) {
	const old, own = "imap1 cyrus/sync_client[9]: Error in do_sync()\nimap1 cyrus/imap[7]: FATAL\n", "imap1 syslog.info syslogd started: BusyBox\nimap1 cyrus/imap[21]: login\n"
	for log, want := range map[string]string{old + own: own, own: own, own + own: own + own, old: old, "": ""} {
		if got := string(ofThisLife([]byte(log))); got != want {
			t.Errorf("of %q is left %q, and not %q", log, got, want)
		}
	}
}
