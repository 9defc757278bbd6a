package export

import (
	"fmt"
	"strings"
)

// perlLine writes an act as a call of one of the test's methods; "" where it is judged at
// the end.
func perlLine(a act) string {
	names := "qw(" + strings.Join(a.markers, " ") + ")"
	switch a.kind {
	case actComment:
		return "# " + a.text
	case actDeliver:
		return fmt.Sprintf("$self->arrive(%d, '%s', 'deliver', %s);", a.server, a.account, names)
	case actAppend:
		return fmt.Sprintf("$self->arrive(%d, '%s', 'append', %s);", a.server, a.account, names)
	case actExpunge:
		return fmt.Sprintf("$self->expunge(%d, '%s', '%s', %d);", a.server, a.account, age(a.newest), a.count)
	case actExpungeMessage:
		return fmt.Sprintf("$self->expunge_message(%d, '%s', %s);", a.server, a.account, names)
	case actFlag:
		return fmt.Sprintf("$self->flag(%d, '%s', %s, '%s', %s);", a.server, a.account, names, a.words[0], perlWord("("+a.words[1]+")"))
	case actUser:
		return fmt.Sprintf("$self->does(%d, '%s', %s);", a.server, a.account, perlWords(a.words))
	case actAdmin:
		return fmt.Sprintf("$self->does(%d, 'admin', %s);", a.server, perlWords(a.words))
	case actScript:
		return fmt.Sprintf("$self->put_script(%d, '%s', %s);", a.server, a.account, perlWord(strings.ReplaceAll(a.text, "\r\n", "\n")))
	case actWait:
		return "$self->replicate();"
	}
	return perlOperator(a)
}

// perlOperator writes what happens to a server.
func perlOperator(a act) string {
	switch a.kind {
	case actStopReplication:
		return "# Replication stops here: nothing is replicated before the next call that does."
	case actKillSyncClient:
		return "# sync_client is killed here, and begins anew: it runs only when it is told to."
	case actForeignLine:
		return fmt.Sprintf("$self->foreign_line(%d);", a.server)
	case actKill:
		return fmt.Sprintf("$self->server(%d)->stop(); # in order: what was acknowledged is on its disk either way", a.server)
	case actHook:
		return map[string]string{
			hookStop:  fmt.Sprintf("$self->server(%d)->stop();", a.server),
			hookStart: fmt.Sprintf("$self->server(%d)->start();", a.server),
			hookHang:  "# The server hangs here: nobody can work on it until it is dead.",
		}[a.words[0]]
	case actPromote:
		return fmt.Sprintf("# From now on users go to server %d. Nobody is left to replicate to.", a.server)
	case actHarm:
		if a.at > 0 {
			return fmt.Sprintf("$self->harm(%d, '%s', '%s', '%s', %d);", a.server, a.account, a.text, a.harm, a.at)
		}
		return fmt.Sprintf("$self->harm(%d, '%s', '%s', '%s');", a.server, a.account, a.text, a.harm)
	case actNameLists:
		return fmt.Sprintf("truncate($self->server(%d)->get_basedir() . '/conf/mailboxes.db', 0) or die \"emptying mailboxes.db: $!\";", a.server)
	case actReadOnly:
		return fmt.Sprintf("$self->read_only(%d);", a.server)
	case actTool:
		return fmt.Sprintf("$self->server(%d)->run_command({ cyrus => 1 }, qw(%s));", a.server, strings.Join(a.words, " "))
	case actResync:
		return fmt.Sprintf("$self->resync(%d);", a.server)
	}
	return ""
}

// perlWords writes the words of an IMAP command as Mail::IMAPTalk takes them.
func perlWords(words []string) string {
	list := make([]string, len(words))
	for i, word := range words {
		switch {
		case word == "(":
			list[i] = "["
		case word == ")":
			list[i] = "]"
		case strings.HasPrefix(word, `"`):
			text := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(word[1 : len(word)-1])
			list[i] = "{ Quote => " + perlWord(text) + " }"
		default:
			list[i] = perlWord(word)
		}
	}
	return strings.NewReplacer("[, ", "[", ", ]", "]").Replace(strings.Join(list, ", "))
}

// perlWord quotes a word for Perl.
func perlWord(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
