package front_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/sim"
)

// converse plays the client of a conversation, one after the other on connections of
// its own, and compares what the server says line by line:
//
//	connect     a new connection, on which the administrator logs in
//	greet       a new connection, on which nobody does
//	C: a line of the client     S: a line that the server must say then
//	closed      the server must have hung up
//
// Each literal is part of the lines. It returns how many lines were compared.
func converse(t *testing.T, w *world, server target.ServerName, lines []string, options ...sim.SyncOption) (compared int) {
	t.Helper()
	var in *bufio.Reader
	var out interface{ Write([]byte) (int, error) }
	for n, line := range lines {
		kind, text, _ := strings.Cut(line, ": ")
		switch kind {
		case "connect", "greet":
			conn, err := w.dialer(t, server, options...).Dial(t.Context(), view.Sync)
			must(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
			in, out = bufio.NewReader(conn), conn
			for said := ""; !strings.HasPrefix(said, "* OK"); {
				said, err = in.ReadString('\n')
				must(t, err)
			}
			if kind == "greet" {
				continue
			}
			_, err = out.Write([]byte("AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n"))
			must(t, err)
			if said, err := in.ReadString('\n'); said != "OK Success\r\n" {
				t.Fatalf("login: %q, %v", said, err)
			}
		case "C":
			_, err := out.Write([]byte(text + "\r\n"))
			must(t, err)
		case "S":
			said, err := in.ReadString('\n')
			if err != nil || strings.TrimRight(said, "\r\n") != text {
				t.Fatalf("line %d:\n said %q, %v\n want %q", n+1, said, err, text)
			}
			compared++
		case "closed":
			if said, err := in.ReadString('\n'); err == nil {
				t.Fatalf("line %d: the server goes on, with %q", n+1, said)
			}
		default:
			t.Fatalf("line %d is none of a conversation: %q", n+1, line)
		}
	}
	return compared
}

// A real sync_client's conversation with a real replica (3.6.1), to which the simulated
// one says the same, checksums included: appends, flags, a keyword, an expunge, a
// rename, a deletion, scripts, rights, annotations, a quota, a subscription, and what
// was seen of another's mailbox.
func TestRepliesAsARealReplica(t *testing.T) {
	recorded, err := os.ReadFile("testdata/sync_client.txt")
	must(t, err)
	w := newWorld(t)
	lines := strings.Split(strings.TrimSuffix(string(recorded), "\n"), "\n")
	if compared := converse(t, w, target.Imap2, lines); compared < 50 {
		t.Errorf("only %d lines were compared", compared)
	}
}

// apply says of a mailbox what an APPLY MAILBOX needs.
func apply(name, uniqueID string, lastUID, modSeq int, more, records string) string {
	return fmt.Sprintf(`C: APPLY MAILBOX %%(UNIQUEID %s MBOXNAME %s SYNC_CRC 0 LAST_UID %d HIGHESTMODSEQ %d RECENTUID 0 RECENTTIME 0`+
		` LAST_APPENDDATE 0 POP3_LAST_LOGIN 0 UIDVALIDITY 7 PARTITION default ACL "alice	lrs	" OPTIONS P%s RECORD (%s))`, uniqueID, name, lastUID, modSeq, more, records)
}

const (
	hello     = "8843d7f92416211de9ebb963ff4ce28125932878" // SHA-1 of "foobar"
	notThere  = "0000000000000000000000000000000000000001"
	connect   = "connect"
	success   = "S: OK success"
	checksum  = "S: NO IMAP_SYNC_CHECKSUM Checksum Failure"
	badParams = "S: NO IMAP_PROTOCOL_BAD_PARAMETERS"
)

func record(uid, modSeq int, flags, guid string) string {
	return fmt.Sprintf(`%%(UID %d MODSEQ %d LAST_UPDATED 9 FLAGS (%s) INTERNALDATE 9 SIZE 6 GUID %s)`, uid, modSeq, flags, guid)
}

func TestRefusesAsCyrusDoes(t *testing.T) {
	sent := []string{connect, "C: APPLY MESSAGE (%{default " + hello + " 6}", "C: foobar)", success,
		apply("user.alice", "aaaa", 1, 5, "", record(1, 5, `\Seen`, hello)), success}
	for name, lines := range map[string][]string{
		"commands that are none": {connect, "C: GET NOTHING x", "S: NO IMAP_PROTOCOL_ERROR Protocol error", "C: APPLY NOTHING x", "S: NO IMAP_PROTOCOL_ERROR Protocol error",
			"C: COMPRESS DEFLATE", "S: BAD IMAP_PROTOCOL_ERROR Unrecognized command", "C: GET", "S: BAD IMAP_PROTOCOL_ERROR Failed to parse GET line",
			"C: APPLY SEEN %(USERID a)", badParams, "C: APPLY RENAME (a b)", badParams, "C: NOOP", "S: OK Noop completed", "C: RESTART", "S: OK Restarting"},
		"what is not there": {connect, "C: GET FULLMAILBOX user.alice", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox",
			"C: GET MAILBOXES (user.alice)", success, "C: GET USER alice", success, "C: GET QUOTA user.alice", success,
			"C: APPLY UNMAILBOX user.alice", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox", "C: APPLY UNQUOTA user.alice", "S: NO Unknown error",
			"C: GET FETCH %(MBOXNAME user.alice PARTITION default UNIQUEID aaaa GUID " + hello + " UID 1)", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox"},
		"an older state":                append(sent, apply("user.alice", "aaaa", 1, 4, "", ""), checksum, apply("user.alice", "aaaa", 0, 6, "", ""), checksum),
		"another message under the UID": append(sent, apply("user.alice", "aaaa", 1, 6, "", record(1, 6, "", notThere)), checksum),
		"a message below LAST_UID":      append(sent, apply("user.alice", "aaaa", 3, 6, "", ""), success, apply("user.alice", "aaaa", 3, 7, "", record(2, 7, "", hello)), checksum),
		"a tombstone brought to life":   append(sent, apply("user.alice", "aaaa", 1, 6, "", record(1, 6, `\Expunged`, hello)), success, apply("user.alice", "aaaa", 1, 7, "", record(1, 7, "", hello)), checksum),
		"a state that it does not have": append(sent, apply("user.alice", "aaaa", 1, 6, " SINCE_MODSEQ 3 SINCE_CRC 0", ""), "S: NO IMAP_SYNC_CHANGED Changed since last sync"),
		"a wrong checksum":              append(sent, strings.Replace(apply("user.alice", "aaaa", 1, 6, "", ""), "SYNC_CRC 0", "SYNC_CRC 1", 1), checksum),
		"another unique ID":             append(sent, apply("user.alice", "bbbb", 1, 6, "", ""), "S: NO IMAP_MAILBOX_MOVED Mailbox exists with another name or uniqueid"),
		"another name":                  append(sent, apply("user.alice.x", "aaaa", 1, 6, "", ""), "S: NO IMAP_MAILBOX_MOVED Mailbox exists with another name or uniqueid"),
		"the wrong mailbox's expunge":   append(sent, "C: APPLY EXPUNGE %(MBOXNAME user.alice UNIQUEID bbbb UID (1))", "S: NO IMAP_MAILBOX_MOVED Mailbox exists with another name or uniqueid"),
		"a calendar":                    {connect, apply("user.alice.c", "cccc", 0, 1, " MBOXTYPE c", ""), "S: NO IMAP_MAILBOX_NOTSUPPORTED Operation is not supported on mailbox"},
		"scripts as mail, unasked":      {connect, apply("user.alice.#sieve", "cccc", 0, 1, " MBOXTYPE f", ""), badParams},
		// The end of the process, in silence: the new mailbox is left, without records.
		"a message that was not sent": {connect, apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", hello)), "closed", connect, "C: GET MAILBOXES (user.alice)",
			`S: * MAILBOX %(UNIQUEID aaaa MBOXNAME user.alice SYNC_CRC 0 SYNC_CRC_ANNOT 12345678 LAST_UID 0 HIGHESTMODSEQ 0 RECENTUID 0 RECENTTIME 0 LAST_APPENDDATE 0 POP3_LAST_LOGIN 0 POP3_SHOW_AFTER 0 UIDVALIDITY 7 PARTITION default ACL "alice	lrs	" OPTIONS P FOLDERMODSEQ 5)`, success},
		"a message with a false GUID": {connect, "C: APPLY MESSAGE (%{default " + notThere + " 6}", "C: foobar)", success, apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", notThere)), "closed"},
		"messages after RESTART":      {connect, "C: APPLY MESSAGE (%{default " + hello + " 6}", "C: foobar)", success, "C: RESTART", "S: OK Restarting", apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", hello)), "closed"},
	} {
		t.Run(name, func(t *testing.T) { converse(t, newWorld(t), target.Imap2, lines) })
	}
}

// What RESERVE finds need not be sent again, for as long as it is what it should be.
func TestReserveFindsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	reserve := "C: APPLY RESERVE %(PARTITION default MBOXNAME (user.nobody user.alice) GUID (" + hello + " " + notThere + "))"
	converse(t, w, target.Imap2, []string{connect, reserve, "S: * MISSING (" + hello + " " + notThere + ")", success,
		"C: APPLY MESSAGE (%{default " + hello + " 6}", "C: foobar)", success, apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", hello)), success,
		connect, reserve, "S: * MISSING (" + notThere + ")", success, apply("user.alice.x", "bbbb", 1, 6, "", record(1, 6, "", hello)), success,
		"C: GET FETCH %(MBOXNAME user.alice.x PARTITION default UNIQUEID bbbb GUID " + hello + " UID 1)", "S: * MESSAGE %{default " + hello + " 6}", "S: foobar", success,
		"C: GET FETCH %(MBOXNAME user.alice.x PARTITION default UNIQUEID bbbb GUID " + notThere + " UID 1)", "S: * MESSAGE NIL", success})
}

// Scripts by commands of their own, from a client that was not offered mail.
func TestScriptsByTheirFiles(t *testing.T) {
	const put = "C: APPLY SIEVE %(USERID alice FILENAME rules.script LAST_UPDATE 9 CONTENT {7+}"
	w := newWorld(t, "alice")
	told := fmt.Sprintf("S: * SIEVE %%(FILENAME rules.script LAST_UPDATE %d GUID b2dd3f554458b386d6bff783949208105c5fab1c ISACTIVE 0)", w.pair.Clock().Now().Unix())
	converse(t, w, target.Imap2, []string{
		connect, "C: APPLY CAPABILITIES (SIEVE-MAILBOX)", "S: * ENABLED ()", success,
		put, "C: keep;", "C: )", success, "C: GET META alice", told, success,
		"C: APPLY ACTIVATE_SIEVE %(USERID alice FILENAME rules.bc)", success,
		"C: GET META alice", told, "S: * SIEVE %(FILENAME rules.bc LAST_UPDATE 0 GUID 0000000000000000000000000000000000000000 ISACTIVE 1)", success,
		"C: GET FETCH_SIEVE %(USERID alice FILENAME rules.script)", "S: * SIEVE %(USERID alice FILENAME rules.script CONTENT {7}", "S: keep;", "S: )", success,
		"C: APPLY UNACTIVATE_SIEVE %(USERID alice)", success, "C: GET META alice", told, success,
		"C: APPLY UNSIEVE %(USERID alice FILENAME rules.script)", success, "C: GET META alice", success,
		"C: APPLY SIEVE %(USERID alice FILENAME bad.script LAST_UPDATE 9 CONTENT nonsense)", "S: NO IMAP_SYNC_BADSIEVE Sieve script compilation failure",
	}, sim.WithoutSieveMailbox())
}

// Annotations of mailboxes and of the server itself, and those by unique ID.
func TestAnnotationsAndUniqueIDs(t *testing.T) {
	converse(t, newWorld(t), target.Imap2, []string{connect, apply("user.alice", "aaaa", 0, 5, "", ""), success,
		`C: APPLY ANNOTATION %(MBOXNAME user.alice ENTRY /comment USERID "" VALUE "for all")`, success,
		`C: APPLY ANNOTATION %(MBOXNAME "" ENTRY /motd USERID "" VALUE hello)`, success,
		"C: GET ANNOTATION user.alice", `S: * ANNOTATION %(MBOXNAME user.alice ENTRY /comment USERID "" VALUE "for all")`, success,
		`C: GET ANNOTATION ""`, `S: * ANNOTATION %(MBOXNAME "" ENTRY /motd USERID "" VALUE hello)`, success,
		`C: APPLY UNANNOTATION %(MBOXNAME "" ENTRY /motd USERID "")`, success, `C: GET ANNOTATION ""`, success,
		"C: GET UNIQUEIDS (bbbb)", success,
		"C: APPLY UNUSER alice", success, "C: GET UNIQUEIDS (aaaa)", success,
	})
}
