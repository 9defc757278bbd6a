// Package hostview looks at the machine on which a Cyrus server runs, by small scripts
// that change nothing there: what lies in the spool, how its databases are, what the sync
// log says. It has the scripts and reads what they say; how a command comes to the
// machine is its caller's business: through a container engine, by ssh, or at home.
//
// The scripts run as Cyrus's own user, and need perl. Of a server's files they know the
// layout by unique IDs, as Cyrus 3.6 and later have it, on a single partition.
//
//	go test ./harness/hostview
package hostview
