package hostview

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// errOddLine says that a script has said something that it should not.
var errOddLine = errors.New("a line that is not understood")

// partsOf is what mailboxes.db calls a mailbox.
func partsOf(internal string) string { return strings.ReplaceAll(internal, ".", "\x1f") }

// ownerOf returns what the account's owner calls the mailbox that mailboxes.db calls so.
func ownerOf(account, parts string) (string, error) {
	return mailboxname.Owner(account, strings.ReplaceAll(parts, "\x1f", "."))
}

// ParseFiles reads what [Layout.FilesCommand] says.
func ParseFiles(account string, said []byte) ([]target.MailboxFiles, error) {
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

// ParseDatabases reads what [Layout.DatabasesCommand] says of these accounts.
func ParseDatabases(accounts []string, said []byte) ([]target.Database, error) {
	known := make(map[string]string, len(accounts)) // accounts by what mailboxes.db calls their INBOXes
	for _, account := range accounts {
		known[partsOf(mailboxname.Internal(account, "INBOX"))] = account
	}
	var found []target.Database
	for line := range strings.Lines(string(said)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 7 {
			return nil, fmt.Errorf("%q: %w", line, errOddLine)
		}
		db := target.Database{
			Name: fields[0], Account: known[fields[1]], There: fields[3] == "there", Accessible: fields[4] == "usable", Wrong: fields[6],
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
