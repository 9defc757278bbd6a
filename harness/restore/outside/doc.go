// Package outside lets commands restore, so that anybody's restore tool is judged as the
// project's own restorers are.
//
// A command is run by the shell, and does the restore itself. Beside what package command
// tells it of the pair, it finds in its environment:
//
//	CYRDRILL_SERVING      the server that takes users: imap2. What was lost belongs there
//	CYRDRILL_RESCUED      the old master, brought up apart; empty where there is none
//	CYRDRILL_IMAP1_ROLE   master, replica, rescued or serving; likewise IMAP2
//	CYRDRILL_IMAP1_EXEC   what comes before a command that is to run on that server's
//	                      machine: docker exec --interactive 4f…; empty on the simulator
//	CYRDRILL_POLICY       restore, ask or skip: what becomes of doubtful messages
//	CYRDRILL_FREEZE       a file: both sides' indexes and sync logs, taken before the
//	                      promotion, as in freeze.json; empty where none was taken
//	CYRDRILL_FINDINGS     a file: what detectors have found so far, a JSON array
//	CYRDRILL_WORK         a directory of its own, which it finds again as it has left it
//	                      when it is run once more
//
// It may print lines, as [Schema] has them: how far it is, and of what it cannot tell
// whether the user had deleted it, or could not do.
//
//	{"progress": 0.4, "text": "alice is done"}
//	{"doubtful": "message", "account": "alice", "mailbox": "INBOX", "uid": 6, "guid": "9f…"}
//	{"left": "NO over quota", "account": "bob", "mailbox": "INBOX", "uid": 7}
//
// What it has restored is not taken from its words: the drill reads the server before and
// after.
//
//	go test ./harness/restore/outside
package outside
