package export

import (
	"fmt"
	"strings"
)

// shellLine writes an act as a call of one of the script's functions; "" where it is
// judged at the end.
func shellLine(a act) string {
	names := strings.Join(a.markers, " ")
	switch a.kind {
	case actComment:
		return "# " + a.text
	case actDeliver:
		return fmt.Sprintf("deliver %d %s %s", a.server, a.account, names)
	case actAppend:
		return fmt.Sprintf("append %d %s %s", a.server, a.account, names)
	case actExpunge:
		return fmt.Sprintf("expunge %d %s %s %d", a.server, a.account, age(a.newest), a.count)
	case actExpungeMessage:
		return fmt.Sprintf("expunge_message %d %s %s", a.server, a.account, names)
	case actFlag:
		return fmt.Sprintf("flag %d %s %s %s", a.server, a.account, names, shellWord(a.words[0]+" ("+a.words[1]+")"))
	case actUser:
		return fmt.Sprintf("does %d %s %s", a.server, a.account, shellWord(imapCommand(a.words)))
	case actAdmin:
		return fmt.Sprintf("does %d \"$ADMIN\" %s", a.server, shellWord(imapCommand(a.words)))
	case actScript:
		return fmt.Sprintf("put_script %d %s %s", a.server, a.account, shellWord(strings.ReplaceAll(a.text, "\r\n", "\n")))
	case actWait:
		return fmt.Sprintf("await_replication %d", a.seconds)
	}
	return shellOperator(a)
}

// shellOperator writes what happens to a server.
func shellOperator(a act) string {
	switch a.kind {
	case actStopReplication:
		return fmt.Sprintf("stop_replication %d", a.server)
	case actKillSyncClient:
		return fmt.Sprintf("kill_sync_client %d %d", a.server, a.count)
	case actForeignLine:
		return fmt.Sprintf("foreign_line %d", a.server)
	case actKill:
		return fmt.Sprintf("kill_server %d", a.server)
	case actHook:
		return fmt.Sprintf("hook %s %d", a.words[0], a.server)
	case actPromote:
		line := fmt.Sprintf("# From now on users go to server %d. Nobody is left to replicate to.", a.server)
		if len(a.words) > 0 {
			line += fmt.Sprintf("\nhook %s %d", a.words[0], a.server)
		}
		return line
	case actHarm:
		return strings.TrimSpace(fmt.Sprintf("harm %d %s %s %s %s", a.server, a.account, a.text, a.harm, position(a)))
	case actNameLists:
		return fmt.Sprintf("empty_mailbox_list %d", a.server)
	case actReadOnly:
		return fmt.Sprintf("read_only %d", a.server)
	case actTool:
		return fmt.Sprintf("tool %d %s", a.server, strings.Join(a.words, " "))
	case actResync:
		return fmt.Sprintf("resync %d %d", a.server, 3-a.server)
	}
	return ""
}

func position(a act) string {
	if a.at == 0 {
		return ""
	}
	return fmt.Sprint(a.at)
}

func age(newest bool) string {
	if newest {
		return "newest"
	}
	return "oldest"
}

// imapCommand is a command as it is sent, without its tag.
func imapCommand(words []string) string {
	return strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(words, " "))
}

// shellWord quotes a word for the shell.
func shellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
