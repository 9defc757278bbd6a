package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
)

// The files of a result directory.
const (
	PlanFile   = "plan.yaml"
	LedgerFile = "ledger.jsonl"
	EventsFile = "events.jsonl"
	FreezeFile = "freeze.json"
	ResultFile = "result.json"
	HTMLFile   = "report.html"
	JUnitFile  = "junit.xml"
	LogFolder  = "logs"
)

// Directory is the result directory of one drill.
type Directory struct {
	path   string
	ledger *os.File

	mu     sync.Mutex
	events *os.File
	buffer *bufio.Writer
	err    error // the first error of writing events
}

// Create makes a new directory for a run of the plan within parent, named for
// the plan, the target and the time, and writes the plan into it as it was
// read. Where that name is taken, a number is added.
func Create(parent, plan, targetName string, at time.Time, planText []byte) (*Directory, error) {
	path, err := makeNew(parent, fmt.Sprintf("%s-%s-%s", plan, targetName, at.UTC().Format("20060102T150405")))
	if err != nil {
		return nil, fmt.Errorf("making a result directory: %w", err)
	}
	d := &Directory{path: path}
	if err := os.WriteFile(d.file(PlanFile), planText, 0o644); err != nil {
		return nil, fmt.Errorf("keeping the plan: %w", err)
	}
	if d.ledger, err = os.Create(d.file(LedgerFile)); err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	if d.events, err = os.Create(d.file(EventsFile)); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the file of events: %w", err), d.ledger.Close())
	}
	d.buffer = bufio.NewWriter(d.events)
	return d, nil
}

// makeNew makes a directory that was not there before.
func makeNew(parent, name string) (string, error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(parent, name)
	for n := 2; ; n++ {
		err := os.Mkdir(path, 0o755)
		if !errors.Is(err, os.ErrExist) {
			return path, err
		}
		path = filepath.Join(parent, fmt.Sprintf("%s-%d", name, n))
	}
}

// Path returns where the directory is.
func (d *Directory) Path() string { return d.path }

func (d *Directory) file(name string) string { return filepath.Join(d.path, name) }

// Ledger returns the file that the drill's ledger is written to. It is not
// buffered: a drill that is killed leaves what it knew.
func (d *Directory) Ledger() io.Writer { return d.ledger }

// Observe writes one event. It is a [drill.Observer].
func (d *Directory) Observe(e drill.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := json.NewEncoder(d.buffer).Encode(e)
	if err == nil && e.Kind != drill.EventFinding { // findings come in bulk, and a step's end follows
		err = d.buffer.Flush()
	}
	if d.err == nil && err != nil {
		d.err = fmt.Errorf("writing events: %w", err)
	}
}

// AddLog keeps a server's log as logs/NAME.log.
func (d *Directory) AddLog(server string, text []byte) error {
	if err := os.MkdirAll(d.file(LogFolder), 0o755); err != nil {
		return fmt.Errorf("keeping the log of %s: %w", server, err)
	}
	if err := os.WriteFile(filepath.Join(d.path, LogFolder, server+".log"), text, 0o644); err != nil {
		return fmt.Errorf("keeping the log of %s: %w", server, err)
	}
	return nil
}

// Finish writes the result in all its forms and closes the directory. It does
// as much as it can and returns all that went wrong.
func (d *Directory) Finish(result *drill.Result, evidence *drill.Evidence) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	errs := []error{d.err, d.buffer.Flush(), d.events.Close(), d.ledger.Close()}
	if evidence != nil && evidence.Freeze != nil {
		errs = append(errs, d.write(FreezeFile, func(w io.Writer) error { return writeJSON(w, evidence.Freeze) }))
	}
	errs = append(errs,
		d.write(ResultFile, func(w io.Writer) error { return WriteJSON(w, result) }),
		d.write(JUnitFile, func(w io.Writer) error { return WriteJUnit(w, result) }),
		d.write(HTMLFile, func(w io.Writer) error { return WriteHTML(w, result) }),
	)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("writing the results into %s: %w", d.path, err)
	}
	return nil
}

func (d *Directory) write(name string, render func(io.Writer) error) error {
	f, err := os.Create(d.file(name))
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(f)
	if err := errors.Join(render(buffered), buffered.Flush(), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
