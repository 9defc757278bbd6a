package cyrus

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Scripts that look at files where they lie, as Cyrus's user. Each begins with look.pl.
var (
	//go:embed look.pl
	lookScript string
	//go:embed files.pl
	filesScript string
	//go:embed databases.pl
	databasesScript string
)

// errOddLine says that a script has said something that it should not.
var errOddLine = errors.New("a line that is not understood")

// looks fails where nothing can be looked at in the container.
func (v hostView) looks(ctx context.Context, what string) error {
	found, err := v.pair.engine.inspect(ctx, v.id)
	if err != nil {
		return fmt.Errorf("looking at %s: %w", v.name, err)
	}
	if !found.State.Running || found.State.Paused {
		return &target.UnsupportedError{Target: "a server that is down", What: what}
	}
	return nil
}

// look runs a script that looks at the server's files.
func (v hostView) look(ctx context.Context, script string, arguments ...string) ([]byte, error) {
	if v.pair.differences().plainScripts {
		return nil, &target.UnsupportedError{Target: "a Cyrus that names folders as mailboxes", What: "looks at its files"}
	}
	if err := v.looks(ctx, "lists of the files on its disk"); err != nil {
		return nil, err
	}
	command := append([]string{"perl", "-e", lookScript + script}, arguments...)
	return v.pair.engine.execWithin(ctx, toolWithin, v.id, "cyrus", command...)
}

// partsOf is what mailboxes.db calls a mailbox.
func partsOf(internal string) string { return strings.ReplaceAll(internal, ".", "\x1f") }

// ownerOf returns what the account's owner calls the mailbox that mailboxes.db calls so.
func ownerOf(account, parts string) (string, error) {
	return mailboxname.Owner(account, strings.ReplaceAll(parts, "\x1f", "."))
}

// Files implements [target.HostView].
func (v hostView) Files(ctx context.Context, account string) ([]target.MailboxFiles, error) {
	said, err := v.look(ctx, filesScript, partsOf(mailboxname.Internal(account, "INBOX")))
	if err == nil {
		var files []target.MailboxFiles
		if files, err = parseFiles(account, said); err == nil {
			return files, nil
		}
	}
	return nil, fmt.Errorf("listing the message files of %s on %s: %w", account, v.name, err)
}

// parseFiles reads what files.pl says.
func parseFiles(account string, said []byte) ([]target.MailboxFiles, error) {
	var files []target.MailboxFiles
	for line := range bytes.Lines(said) {
		line = bytes.TrimRight(line, "\n")
		if name, ok := bytes.CutPrefix(line, []byte("mailbox ")); ok {
			mailbox, err := ownerOf(account, string(name))
			if err != nil {
				return nil, err
			}
			files = append(files, target.MailboxFiles{Mailbox: mailbox})
			continue
		}
		file, err := parseFile(string(line))
		if err == nil && len(files) == 0 {
			err = errOddLine
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		last := &files[len(files)-1]
		last.Messages = append(last.Messages, file)
	}
	slices.SortFunc(files, func(a, b target.MailboxFiles) int { return cmp.Compare(a.Mailbox, b.Mailbox) })
	return files, nil
}

func parseFile(line string) (target.SpoolFile, error) {
	fields := strings.Fields(line)
	if len(fields) != 4 {
		return target.SpoolFile{}, errOddLine
	}
	uid, err := strconv.ParseUint(fields[0], 10, 32)
	if err != nil {
		return target.SpoolFile{}, err
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	file := target.SpoolFile{UID: uint32(uid), Size: size, Accessible: fields[2] == "usable"}
	if fields[3] != "-" {
		file.SHA1 = fields[3]
	}
	return file, err
}

// Databases implements [target.HostView].
func (v hostView) Databases(ctx context.Context, accounts []string) ([]target.Database, error) {
	known := map[string]string{} // accounts by what mailboxes.db calls their INBOXes
	var inboxes []string
	for _, account := range accounts {
		inbox := partsOf(mailboxname.Internal(account, "INBOX"))
		known[inbox] = account
		inboxes = append(inboxes, inbox)
	}
	said, err := v.look(ctx, databasesScript, inboxes...)
	if err == nil {
		var found []target.Database
		if found, err = parseDatabases(known, string(said)); err == nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("looking at the databases of %s: %w", v.name, err)
}

// parseDatabases reads what databases.pl says.
func parseDatabases(accounts map[string]string, said string) ([]target.Database, error) {
	var found []target.Database
	for line := range strings.Lines(said) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 7 {
			return nil, fmt.Errorf("%q: %w", line, errOddLine)
		}
		db := target.Database{
			Name: fields[0], Account: accounts[fields[1]], There: fields[3] == "there", Accessible: fields[4] == "usable", Wrong: fields[6],
		}
		var err error
		if fields[2] != "" {
			db.Mailbox, err = ownerOf(db.Account, fields[2])
		}
		if err == nil {
			db.Size, err = strconv.ParseInt(fields[5], 10, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		found = append(found, db)
	}
	return found, nil
}
