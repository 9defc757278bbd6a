package hostview

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Layout says where a server has what.
type Layout struct {
	Lists string // configdirectory: mailboxes.db, what belongs to accounts, the sync log
	Mail  string // the partition of all mail
	Sieve string // sievedir
	// Programs is the folder of Cyrus's programs. Empty: Debian's wrapper "cyrus" runs
	// them.
	Programs string
}

// Debian is the layout of Debian's packages.
func Debian() Layout {
	return Layout{Lists: "/var/lib/cyrus", Mail: "/var/spool/cyrus/mail", Sieve: "/var/spool/sieve"}
}

// Scripts that look at files where they lie.
var (
	//go:embed look.pl
	lookScript string
	//go:embed files.pl
	filesScript string
	//go:embed databases.pl
	databasesScript string
	//go:embed machine.pl
	machineScript string
)

// Tool is how one of Cyrus's programs is run with these arguments.
func (l Layout) Tool(name string, arguments ...string) []string {
	return append(l.tool(name), arguments...)
}

// tool is how one of Cyrus's programs is run.
func (l Layout) tool(name string) []string {
	if l.Programs == "" {
		return []string{"cyrus", name}
	}
	return []string{path.Join(l.Programs, name)}
}

// sievec is where the compiler of scripts lies. It has no part in Debian's wrapper.
func (l Layout) sievec() string {
	if l.Programs == "" {
		return "/usr/lib/cyrus/bin/sievec"
	}
	return path.Join(l.Programs, "sievec")
}

// perl is a script that is told where things are.
func (l Layout) perl(script string, arguments ...string) []string {
	tool := l.tool("cyr_dbtool")
	for i, word := range tool {
		tool[i] = perlQuote(word)
	}
	head := fmt.Sprintf("use strict;\nuse warnings;\nmy $lists = %s;\nmy $mail = %s;\nmy @dbtool = (%s);\n",
		perlQuote(l.Lists), perlQuote(l.Mail), strings.Join(tool, ", "))
	return append([]string{"perl", "-e", head + script}, arguments...)
}

func perlQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// FilesCommand lists an account's message files; see [ParseFiles].
func (l Layout) FilesCommand(account string) []string {
	return l.perl(lookScript+filesScript, partsOf(mailboxname.Internal(account, "INBOX")))
}

// DatabasesCommand looks at the files beside the messages, of these accounts and of the
// server; see [ParseDatabases].
func (l Layout) DatabasesCommand(accounts []string) []string {
	inboxes := make([]string, len(accounts))
	for i, account := range accounts {
		inboxes[i] = partsOf(mailboxname.Internal(account, "INBOX"))
	}
	return l.perl(lookScript+databasesScript, inboxes...)
}

// MachineCommand looks at clock and disk; see [ParseMachine].
func (l Layout) MachineCommand() []string { return l.perl(machineScript) }

// CompiledCommand lists an account's bytecode; see [ParseCompiled].
func (l Layout) CompiledCommand(account string) []string {
	const listing = `folder=$("$@" | sed -n 's/^Sieve: //p') && [ -n "$folder" ] || exit 1
		[ ! -d "$folder" ] || { cd "$folder" && readlink defaultbc; for f in *.bc; do [ ! -f "$f" ] || sha1sum "$f"; done; }; true`
	return append(append([]string{"sh", "-c", listing, "listing"}, l.tool("mbpath")...), "-a", "user/"+account)
}

// CompileCommand compiles the script in a file, and prints the bytecode. It removes that
// file.
func (l Layout) CompileCommand(file string) []string {
	const compiling = `out=$(mktemp) && "$1" "$2" "$out" && cat "$out" && rm "$out" "$2"`
	return []string{"sh", "-c", compiling, "compile", l.sievec(), file}
}

// emptyTwoskip is how large an empty twoskip database is: its header, and the
// dummy that its list begins with.
const emptyTwoskip = 64 + 272

// DataFilesCommand lists the files that hold mail, indexes and scripts; see
// [ParseDataFiles]. Left out is what Cyrus writes when it is only read from: caches of
// status, databases' checkpoints, and the database of messages' annotations, which it
// makes, empty, when it first looks for some.
func (l Layout) DataFilesCommand() []string {
	return []string{
		"find", l.Mail, l.Sieve, "-ignore_readdir_race",
		"-type", "f", "!", "(", "-name", "cyrus.annotations", "-size", fmt.Sprintf("%dc", emptyTwoskip), ")", "-printf", `%p\t%s bytes, written %T@, changed %C@\n`,
	}
}

// ProcessesCommand prints a line of proc(5)'s /proc/PID/stat for each process; see
// [ParseProcesses].
func ProcessesCommand() []string {
	return []string{"sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; true"}
}

// SyncFolder is where Cyrus keeps its log of changes for replication.
func (l Layout) SyncFolder() string { return path.Join(l.Lists, "sync") }

// OwnProcessesCommand is [ProcessesCommand] for a machine on which others' programs may
// have names of Cyrus's ("master" is one of Postfix's too): it tells of those alone that
// belong to the user who asks, and to root of all.
func OwnProcessesCommand() []string {
	const listing = `all=$([ "$(id -u)" != 0 ] || echo yes)
		for process in /proc/[0-9]*; do [ -z "$all" ] && [ ! -O "$process" ] || cat "$process/stat" 2>/dev/null; done; true`
	return []string{"sh", "-c", listing}
}
