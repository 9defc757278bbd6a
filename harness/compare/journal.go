package compare

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// journalKind is what a journal begins with.
const journalKind = "cyrdrill compare/v1"

// header is a journal's first line: of what run it is.
type header struct {
	Journal string              `json:"journal"`
	Config  string              `json:"config"` // the digest of its text
	Servers []target.ServerName `json:"servers"`
	Level   string              `json:"level"`
	Begun   time.Time           `json:"begun"`
}

// mark is a line that says that the run went on, or came to its end.
type mark struct {
	Resumed  *time.Time `json:"resumed,omitempty"`
	Finished *time.Time `json:"finished,omitempty"`
}

// entry is any line but the first: an account, or a mark.
type entry struct {
	Account
	mark
}

// Journal keeps what came of each account, a line each, on disk before the next few are
// looked at. It has no line of an account that was not compared to its end.
type Journal struct {
	file    *os.File
	name    string
	done    map[string]bool
	begun   time.Time
	resumed int
}

// OpenJournal opens the journal of a comparison, to go on with it, or makes a new one:
// where there is none, and where the one that is there has come to its end. The last line
// of a journal that was cut short is taken away. A journal of another run is refused, and
// so is one that somebody else is writing.
func OpenJournal(name string, pair *field.Pair, level Level) (*Journal, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	j := &Journal{file: file, name: name, done: map[string]bool{}}
	want := header{Journal: journalKind, Config: pair.Config.Digest, Level: level.String(), Begun: time.Now()}
	for _, s := range pair.Servers {
		want.Servers = append(want.Servers, s.Name())
	}
	err = lock(file)
	if err != nil {
		err = &target.SetupError{Problem: "another comparison is writing the journal " + name, Mend: "wait for it, or name another by --journal"}
	}
	if err == nil {
		err = j.takeUp(want)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// takeUp reads what is there, and writes that the run begins or goes on.
func (j *Journal) takeUp(want header) error {
	whole, finished, err := j.read(want)
	if err != nil {
		return err
	}
	if finished || whole == 0 {
		j.done, j.begun, j.resumed = map[string]bool{}, want.Begun, 0
		if err := j.file.Truncate(0); err != nil {
			return j.failed(err)
		}
		return j.write(0, want)
	}
	if err := j.file.Truncate(whole); err != nil {
		return j.failed(err)
	}
	j.resumed++
	now := time.Now()
	return j.write(whole, mark{Resumed: &now})
}

// read takes in the whole lines, and returns where they end.
func (j *Journal) read(want header) (whole int64, finished bool, err error) {
	in := bufio.NewReaderSize(j.file, longestHeader)
	if _, err := in.ReadSlice('\n'); errors.Is(err, bufio.ErrBufferFull) {
		return 0, false, j.alien("it is no journal of a comparison") // and may have no end
	}
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return 0, false, j.failed(err)
	}
	in.Reset(j.file)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if number == 1 && !isBeginning(line) {
				return 0, false, j.alien("it is no journal of a comparison")
			}
			return whole, finished, nil
		}
		if err != nil {
			return 0, false, j.failed(err)
		}
		if number == 1 {
			err = j.readHeader(line, want)
		} else {
			finished, err = j.readEntry(line, number)
		}
		if err != nil {
			return 0, false, err
		}
		whole += int64(len(line))
	}
}

// longestHeader is how long a journal's first line may be.
const longestHeader = 64 << 10

// isBeginning says whether a line that was cut short may be a header's: then nothing is
// lost.
func isBeginning(line []byte) bool {
	head := []byte(`{"journal":"` + journalKind + `"`)
	n := min(len(line), len(head))
	return bytes.Equal(line[:n], head[:n])
}

func (j *Journal) readHeader(line []byte, want header) error {
	var got header
	if err := json.Unmarshal(line, &got); err != nil || got.Journal != journalKind {
		return j.alien("it is no journal of a comparison")
	}
	switch {
	case got.Config != want.Config:
		return j.alien("it is of a run with another configuration, or the configuration has changed since")
	case fmt.Sprint(got.Servers) != fmt.Sprint(want.Servers):
		return j.alien(fmt.Sprintf("it is of other servers: %s", got.Servers))
	case got.Level != want.Level:
		return j.alien(fmt.Sprintf("it is of a run by other detectors: %s", got.Level))
	}
	j.begun = got.Begun
	return nil
}

func (j *Journal) readEntry(line []byte, number int) (finished bool, err error) {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return false, j.alien(fmt.Sprintf("its line %d is not understood", number))
	}
	switch {
	case e.Finished != nil:
		return true, nil
	case e.Resumed != nil:
		j.resumed++
	case e.Name == "":
		return false, j.alien(fmt.Sprintf("its line %d is of no account", number))
	default:
		j.done[e.Name] = true
	}
	return false, nil
}

// alien refuses a journal, before anything is written to it.
func (j *Journal) alien(why string) error {
	return &target.SetupError{Problem: fmt.Sprintf("cannot go on by the journal %s: %s", j.name, why), Mend: "remove it to begin anew, or name another by --journal"}
}

func (j *Journal) failed(err error) error {
	return fmt.Errorf("writing the journal %s: %w", j.name, err)
}

// has says whether an account was compared before.
func (j *Journal) has(account string) bool { return j.done[account] }

// add keeps what came of accounts.
func (j *Journal) add(accounts []Account) error {
	entries := make([]any, len(accounts))
	for i, a := range accounts {
		entries[i] = a
		j.done[a.Name] = true
	}
	end, err := j.file.Seek(0, io.SeekEnd)
	if err != nil {
		return j.failed(err)
	}
	return j.write(end, entries...)
}

// finish notes that all accounts were compared.
func (j *Journal) finish(at time.Time) error {
	end, err := j.file.Seek(0, io.SeekEnd)
	if err != nil {
		return j.failed(err)
	}
	return j.write(end, mark{Finished: &at})
}

// write puts lines at the end, and waits until they are on disk. Of what cannot be
// written whole nothing stays.
func (j *Journal) write(end int64, lines ...any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, line := range lines {
		if err := encoder.Encode(line); err != nil {
			return j.failed(err)
		}
	}
	_, err := j.file.WriteAt(text.Bytes(), end)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(j.failed(err), j.file.Truncate(end))
	}
	return nil
}

// Each calls each with every account that was compared, in the order of the lines.
func (j *Journal) Each(each func(Account) error) error {
	in := bufio.NewReader(io.NewSectionReader(j.file, 0, 1<<62))
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var e entry
		if err == nil {
			err = json.Unmarshal(line, &e)
		}
		if err != nil {
			return fmt.Errorf("reading the journal %s, line %d: %w", j.name, number, err)
		}
		if e.Name != "" {
			if err := each(e.Account); err != nil {
				return err
			}
		}
	}
}

// Close closes it. What is in it stays.
func (j *Journal) Close() error { return j.file.Close() }
