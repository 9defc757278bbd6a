package salvage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// freezeVersion is the version of a file that keeps a freeze.
const freezeVersion = "cyrdrill.freeze/v2"

// A freeze is kept as lines of JSON, so that of many accounts nobody has to hold all: a
// line that says of what it is, one for each group of accounts, each a freeze of its own,
// and a last one that says how many accounts there are.
type (
	freezeHead struct {
		APIVersion string              `json:"apiVersion"`
		Servers    []target.ServerName `json:"servers"`
	}
	freezePart struct {
		Accounts []string        `json:"accounts,omitempty"`
		Freeze   *restore.Freeze `json:"freeze,omitempty"`
		Whole    int             `json:"whole,omitempty"` // so many accounts; in the last line alone
	}
)

// freezeFile is a file that keeps a freeze.
type freezeFile struct {
	name string
	file *os.File
	at   map[string]span // by account
}

// span is a line: where it begins, and how long it is.
type span struct{ from, length int64 }

// Close gives the file back.
func (f *freezeFile) Close() { _ = f.file.Close() } // it was only read

// openFreeze opens the freeze in a file, which must be of these servers and hold these
// accounts. Where there is none, take takes it, and hands it over in parts.
func openFreeze(name string, accounts []string, rescued, serving target.ServerName, take func(keep func(*restore.Freeze) error) error) (*freezeFile, error) {
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := writeFreeze(name, freezeHead{freezeVersion, []target.ServerName{rescued, serving}}, take); err != nil {
			return nil, err
		}
	}
	f, head, err := readFreeze(name)
	if err != nil {
		return nil, err
	}
	if err := f.fits(head, accounts, rescued, serving); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func writeFreeze(name string, head freezeHead, take func(keep func(*restore.Freeze) error) error) error {
	var taking error
	err := WriteFile(name, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		lines := json.NewEncoder(out)
		if err := lines.Encode(head); err != nil {
			return err
		}
		var one sync.Mutex // at the file
		whole := 0
		taking = take(func(freeze *restore.Freeze) error {
			one.Lock()
			defer one.Unlock()
			accounts := freeze.Names()
			whole += len(accounts)
			return lines.Encode(freezePart{Accounts: accounts, Freeze: freeze})
		})
		if taking != nil {
			return taking
		}
		return errors.Join(lines.Encode(freezePart{Whole: whole}), out.Flush())
	})
	if taking != nil {
		return taking
	}
	if err != nil {
		return fmt.Errorf("keeping the freeze: %w", err)
	}
	return nil
}

// readFreeze finds the accounts in a file.
func readFreeze(name string) (*freezeFile, freezeHead, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, freezeHead{}, fmt.Errorf("reading the freeze: %w", err)
	}
	f := &freezeFile{name: name, file: file, at: map[string]span{}}
	head, err := f.index()
	if err != nil {
		f.Close()
		return nil, head, &target.SetupError{Problem: name + " is no freeze, or not a whole one", Err: err, Mend: "name another file, or none"}
	}
	return f, head, nil
}

// index reads the first line, and of each other what it is about.
func (f *freezeFile) index() (head freezeHead, err error) {
	in := bufio.NewReaderSize(f.file, 64<<10)
	whole := -1
	for from := int64(0); ; {
		about, length, err := aboutLine(in)
		switch {
		case errors.Is(err, io.EOF) && length == 0:
			if whole != len(f.at) {
				return head, fmt.Errorf("it ends after %d accounts", len(f.at))
			}
			return head, nil
		case err != nil:
			return head, err
		case from == 0:
			if err := json.Unmarshal(about, &head); err != nil || head.APIVersion != freezeVersion {
				return head, fmt.Errorf("it does not begin with %s", freezeVersion)
			}
		default:
			var part freezePart
			if err := decodeStart(about, &part); err != nil {
				return head, err
			}
			if part.Accounts == nil {
				whole = part.Whole
			}
			for _, account := range part.Accounts {
				f.at[account] = span{from, length}
			}
		}
		from += length
	}
}

// aboutLine reads a line to its end, and returns what it begins with and its length.
func aboutLine(in *bufio.Reader) (begins []byte, length int64, err error) {
	for {
		piece, err := in.ReadSlice('\n')
		if begins == nil {
			begins = bytes.Clone(piece)
		}
		length += int64(len(piece))
		if !errors.Is(err, bufio.ErrBufferFull) {
			return begins, length, err
		}
	}
}

// decodeStart decodes of a line no more than which accounts it holds, or how many there
// are in all.
func decodeStart(begins []byte, into *freezePart) error {
	decoder := json.NewDecoder(bytes.NewReader(begins))
	for range 2 { // the brace, and the first key
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case "accounts":
			return decoder.Decode(&into.Accounts)
		case "whole":
			return decoder.Decode(&into.Whole)
		}
	}
	return errors.New("a line of it is about nothing")
}

// fits says why a freeze is not of these servers and accounts.
func (f *freezeFile) fits(head freezeHead, names []string, servers ...target.ServerName) error {
	for _, server := range servers {
		if !slices.Contains(head.Servers, server) {
			return &target.SetupError{Problem: fmt.Sprintf("%s is the freeze of other servers: it knows no server %s", f.name, server), Mend: "name another file, or none"}
		}
	}
	for _, name := range names {
		if _, there := f.at[name]; !there {
			return &target.SetupError{Problem: fmt.Sprintf("the freeze in %s does not hold account %s", f.name, name), Mend: "name the accounts that it holds, or another file"}
		}
	}
	return nil
}

// freeze returns what is kept of these accounts.
func (f *freezeFile) freeze(accounts []string) (*restore.Freeze, error) {
	whole := &restore.Freeze{}
	read := map[span]bool{}
	for _, account := range accounts {
		at := f.at[account]
		if read[at] {
			continue
		}
		read[at] = true
		var part freezePart
		if err := json.NewDecoder(io.NewSectionReader(f.file, at.from, at.length)).Decode(&part); err != nil || part.Freeze == nil {
			return nil, &target.SetupError{Problem: fmt.Sprintf("%s is damaged where it tells of %s", f.name, account), Err: err, Mend: "name another file, or none"}
		}
		whole.Add(part.Freeze, accounts)
	}
	return whole, nil
}

// LastUse returns when each account was last used, as far as the freeze in a file tells.
// Where there is no such file nothing does.
func LastUse(file string) (map[string]time.Time, error) {
	f, _, err := readFreeze(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	used := map[string]time.Time{}
	for account := range f.at {
		freeze, err := f.freeze([]string{account})
		if err != nil {
			return nil, err
		}
		if at, known := restore.LastUse(freeze)[account]; known {
			used[account] = at
		}
	}
	return used, nil
}

// WriteFile puts a file into the place of the one before when it is whole.
func WriteFile(name string, render func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	err = errors.Join(render(f), f.Sync(), f.Close()) // made for its owner alone
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
