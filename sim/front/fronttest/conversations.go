package fronttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// apply says of a mailbox what an APPLY MAILBOX needs.
func apply(name, uniqueID string, lastUID, modSeq int, more, records string) string {
	return fmt.Sprintf(`C: APPLY MAILBOX %%(UNIQUEID %s MBOXNAME %s SYNC_CRC 0 LAST_UID %d HIGHESTMODSEQ %d RECENTUID 0 RECENTTIME 0`+
		` LAST_APPENDDATE 0 POP3_LAST_LOGIN 0 UIDVALIDITY 7 PARTITION default ACL "alice	lrs	" OPTIONS P%s RECORD (%s))`, uniqueID, name, lastUID, modSeq, more, records)
}

const (
	hello     = "8843d7f92416211de9ebb963ff4ce28125932878" // SHA-1 of "foobar"
	notThere  = "0000000000000000000000000000000000000001"
	connect   = "connect"
	greet     = "greet"
	success   = "S: OK success"
	checksum  = "S: NO IMAP_SYNC_CHECKSUM Checksum Failure"
	badParams = "S: NO IMAP_PROTOCOL_BAD_PARAMETERS"
)

func record(uid, modSeq int, flags, guid string) string {
	return fmt.Sprintf(`%%(UID %d MODSEQ %d LAST_UPDATED 9 FLAGS (%s) INTERNALDATE 9 SIZE 6 GUID %s)`, uid, modSeq, flags, guid)
}

// Refusals are conversations with a sync_server of 3.6.1 that has no account: what it
// refuses, and what is the end of it.
func Refusals() map[string][]string {
	sent := []string{connect, "C: APPLY MESSAGE (%{default " + hello + " 6}", "C: foobar)", success,
		apply("user.alice", "aaaa", 1, 5, "", record(1, 5, `\Seen`, hello)), success}
	return map[string][]string{
		"commands that are none": {connect, "C: GET NOTHING x", "S: NO IMAP_PROTOCOL_ERROR Protocol error", "C: APPLY NOTHING x", "S: NO IMAP_PROTOCOL_ERROR Protocol error",
			"C: GET", "S: BAD IMAP_PROTOCOL_ERROR Failed to parse GET line",
			"C: APPLY SEEN %(USERID a)", badParams, "C: APPLY RENAME (a b)", badParams, "C: NOOP", "S: OK Noop completed", "C: RESTART", "S: OK Restarting"},
		"what is not there": {connect, "C: GET FULLMAILBOX user.alice", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox",
			"C: GET MAILBOXES (user.alice)", success, "C: GET USER alice", success, "C: GET QUOTA user.alice", success,
			"C: APPLY UNMAILBOX user.alice", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox", "C: APPLY UNQUOTA user.alice", success,
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
		"a calendar":                    {connect, apply("user.alice.c", "cccc", 0, 1, " MBOXTYPE c", ""), "S: NO Unknown error"},
		"scripts as mail, unasked":      {connect, apply("user.alice.#sieve", "cccc", 0, 1, " MBOXTYPE f", ""), badParams},
		// The end of the process, in silence.
		"a message that was not sent": {connect, apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", hello)), "closed"},
		"a message with a false GUID": {connect, "C: APPLY MESSAGE (%{default " + notThere + " 6}", "C: foobar)", success, apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", notThere)), "closed"},
		"messages after RESTART":      {connect, "C: APPLY MESSAGE (%{default " + hello + " 6}", "C: foobar)", success, "C: RESTART", "S: OK Restarting", apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", hello)), "closed"},
	}
}

// Logins are conversations in which somebody logs in to ask about alice, whom there is.
func Logins() map[string][]string {
	return map[string][]string{
		"nobody":         {greet, "C: GET USER alice", "S: NO Please authenticate first"},
		"a wrong secret": {greet, "C: AUTHENTICATE PLAIN AGFkbWluAHdyb25n", "S: NO authentication failure", "C: APPLY UNUSER alice", "S: NO Please authenticate first"},
		"a user":         {greet, "C: AUTHENTICATE PLAIN YWxpY2UAYWRtaW4Ac2VjcmV0", "S: OK Success (no protection)", "C: GET USER alice", "S: NO Permission denied"},
		"in two lines":   {greet, "C: AUTHENTICATE PLAIN", "S: + ", "C: AGFkbWluAHNlY3JldA==", "S: OK Success (no protection)", "C: GET QUOTA user.alice", success},
		"another way":    {greet, "C: AUTHENTICATE GSSAPI", "S: NO no mechanism available"},
	}
}

// ShowsDamage asks the server that serves of mailboxes that it cannot read: one that
// cannot be opened is passed over where many are asked for, and refused where it is
// asked for alone; a record that is rotten is the end of the process.
func ShowsDamage(t testing.TB, pair target.Pair, name target.ServerName, server view.Dialer) {
	t.Helper()
	session, err := pair.Serving().User().Login(t.Context(), "alice")
	must(t, err)
	defer session.Close() // the answers are in
	must(t, session.CreateMailbox(t.Context(), "INBOX/Work"))
	for _, mailbox := range []string{"INBOX", "INBOX/Work"} {
		_, _, err = session.Append(t.Context(), mailbox, target.AppendMessage{Body: Message("one")})
		must(t, err)
	}
	saboteur := pair.Saboteur().(target.IndexSaboteur)
	_, err = saboteur.TruncateIndex(t.Context(), name, "alice", "INBOX/Work")
	must(t, err)
	Converse(t, server, []string{connect, "C: GET MAILBOXES (user.alice.Work)", success,
		"C: GET FULLMAILBOX user.alice.Work", "S: NO Unknown error", "C: GET USER alice", "told", "S: NO Unknown error"})
	_, err = saboteur.DamageRecord(t.Context(), name, "alice", "INBOX")
	must(t, err)
	fatal := "S: * Fatal error: Internal error: assertion failed: imap/message.c: …"
	Converse(t, server, []string{connect, "C: GET FULLMAILBOX user.alice", fatal, "closed",
		connect, "C: GET MAILBOXES (user.alice)", fatal, "closed", connect, "C: NOOP", "S: OK Noop completed"})
}

// Exchanges are conversations with a sync_server of 3.6.1 that has no account, and does
// all that it is asked for.
func Exchanges() map[string][]string {
	reserve := "C: APPLY RESERVE %(PARTITION default MBOXNAME (user.nobody user.alice) GUID (" + hello + " " + notThere + "))"
	return map[string][]string{
		"what RESERVE finds need not be sent again": {connect, reserve, "S: * MISSING (" + hello + " " + notThere + ")", success,
			"C: APPLY MESSAGE (%{default " + hello + " 6}", "C: foobar)", success, apply("user.alice", "aaaa", 1, 5, "", record(1, 5, "", hello)), success,
			connect, reserve, "S: * MISSING (" + notThere + ")", success, apply("user.alice.x", "bbbb", 1, 6, "", record(1, 6, "", hello)), success,
			"C: GET FETCH %(MBOXNAME user.alice.x PARTITION default UNIQUEID bbbb GUID " + hello + " UID 1)", "S: * MESSAGE %{default " + hello + " 6}", "S: foobar", success,
			"C: GET FETCH %(MBOXNAME user.alice.x PARTITION default UNIQUEID bbbb GUID " + notThere + " UID 1)", "S: * MESSAGE NIL", success},
		"a mailbox without the one above it, which is made": {connect, apply("user.alice", "aaaa", 0, 5, "", ""), success, apply("user.alice.a.b", "bbbb", 0, 6, "", ""), success,
			"C: GET MAILBOXES (user.alice.a)", "S: * MAILBOX %(UNIQUEID …", success, "C: GET UNIQUEIDS (bbbb)", "S: * MAILBOX %(UNIQUEID bbbb MBOXNAME user.alice.a.b …", success},
		"a script by its file": {connect, apply("user.alice", "aaaa", 0, 5, "", ""), success,
			"C: APPLY SIEVE %(USERID alice FILENAME rules.script LAST_UPDATE 9 CONTENT {7+}", "C: keep;", "C: )", success,
			"C: GET FETCH_SIEVE %(USERID alice FILENAME rules.script)", "S: * SIEVE %(USERID alice FILENAME rules.script CONTENT {7}", "S: keep;", "S: )", success,
			"C: GET FETCH_SIEVE %(USERID alice FILENAME none.script)", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox"},
		"unique IDs": {connect, apply("user.alice", "aaaa", 0, 5, "", ""), success,
			"C: GET UNIQUEIDS (bbbb)", success,
			"C: APPLY UNUSER alice", success, "C: GET UNIQUEIDS (aaaa)", success,
		},
	}
}

// OfSuite are conversations with a sync_server of a suite, that has no account, about what
// the suites differ in.
func OfSuite(suite string) map[string][]string {
	of36 := suite == "bookworm"
	scripts := []string{connect, "C: APPLY CAPABILITIES (SIEVE-MAILBOX)", "S: * ENABLED (SIEVE-MAILBOX)", success, apply("user.alice.#sieve", "cccc", 0, 1, " MBOXTYPE f", "")}
	if of36 {
		scripts = append(scripts, "S: NO Unknown error", "C: NOOP", "S: OK Noop completed")
	} else {
		scripts = append(scripts, "closed")
	}
	conversations := map[string][]string{"annotations": annotations(of36), "scripts before the INBOX": scripts}
	if of36 {
		conversations["annotations by patterns"] = annotationsByPattern()
	}
	return conversations
}

// annotationsByPattern asks 3.6 for annotations of several mailboxes at once: "*" stands
// for anything, "%" for anything within one part of a name.
func annotationsByPattern() []string {
	told := func(name string) string {
		return fmt.Sprintf(`S: * ANNOTATION %%(MBOXNAME %s ENTRY /comment USERID "" VALUE yes)`, name)
	}
	lines := []string{connect}
	for _, name := range []string{"user.alice", "user.alice.Work", "user.bob"} {
		lines = append(lines, strings.ReplaceAll(apply(name, name, 0, 5, "", ""), "alice\t", strings.Split(name, ".")[1]+"\t"), success,
			fmt.Sprintf(`C: APPLY ANNOTATION %%(MBOXNAME %s ENTRY /comment USERID "" VALUE yes)`, name), success)
	}
	return append(lines, "C: GET ANNOTATION user/*", told("user.alice"), told("user.alice.Work"), told("user.bob"), success,
		"C: GET ANNOTATION user/%", told("user.alice"), told("user.bob"), success,
		"C: GET ANNOTATION *", told("user.alice"), told("user.alice.Work"), told("user.bob"), success,
		"C: GET ANNOTATION user/alice/%", told("user.alice.Work"), success,
		"C: GET ANNOTATION user/*e", told("user.alice"), success,
		"C: GET ANNOTATION user/a%k", success,
		"C: GET ANNOTATION user/%/w*", success,
		"C: GET ANNOTATION nobody/*", success)
}

// annotations asks for annotations of a mailbox and of the server. 3.6 takes the name for
// a pattern of names as an administrator sees them.
func annotations(of36 bool) []string {
	ask, nobody := "C: GET ANNOTATION user.alice", []string{"C: GET ANNOTATION user.nobody", "S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox"}
	if of36 {
		ask, nobody = "C: GET ANNOTATION user/alice", []string{"C: GET ANNOTATION user/nobody", success, "C: GET ANNOTATION user.alice", success}
	}
	return slices.Concat([]string{connect, apply("user.alice", "aaaa", 0, 5, "", ""), success,
		`C: APPLY ANNOTATION %(MBOXNAME user.alice ENTRY /comment USERID "" VALUE "for all")`, success,
		`C: APPLY ANNOTATION %(MBOXNAME "" ENTRY /motd USERID "" VALUE hello)`, success,
		`C: APPLY ANNOTATION %(MBOXNAME "" ENTRY /comment USERID "" VALUE ours)`, success,
		ask, `S: * ANNOTATION %(MBOXNAME user.alice ENTRY /comment USERID "" VALUE "for all")`, success,
		`C: GET ANNOTATION ""`, `S: * ANNOTATION %(MBOXNAME "" ENTRY /comment USERID "" VALUE ours)`, success}, nobody, []string{
		`C: APPLY UNANNOTATION %(MBOXNAME user.alice ENTRY /comment USERID "")`, success, ask, success,
		`C: APPLY UNANNOTATION %(MBOXNAME "" ENTRY /comment USERID "")`, success, `C: GET ANNOTATION ""`, success})
}
