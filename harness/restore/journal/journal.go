package journal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// State is what a journal tells of an action.
type State int

// The states of an action. What is not Done, Found or Left has yet to be done;
// what is Begun may have been.
const (
	Pending State = iota
	Begun
	Done
	Found
	Left
)

// Over says whether nothing is left to be done about an action.
func (s State) Over() bool { return s == Done || s == Found || s == Left }

// Of says what a journal is of.
type Of struct {
	Plan    string // the digest of the plan
	Run     string // what is restored from where to where
	Actions int    // how many the plan has
}

// Journal is a journal at work. It may be used from several goroutines.
type Journal struct {
	mu       sync.Mutex
	store    Store
	states   []State
	why      map[int]string
	anew     map[int]bool
	verified map[string]bool
	held     map[string]bool
	kept     []string
	ended    bool
	broken   error // why it takes no more
}

// Open takes the store for one restore: it begins a journal where the store is
// empty, or goes on with the one that is there. A last line that was cut short was
// never believed, and is cut off. The journal of another plan is refused, and so is
// what is no journal; nothing is changed then.
func Open(store Store, of Of) (*Journal, error) {
	held, err := store.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", store.Name(), err)
	}
	j := &Journal{
		store: store, states: make([]State, of.Actions), why: map[int]string{}, anew: map[int]bool{},
		verified: map[string]bool{}, held: map[string]bool{},
	}
	if err := j.begin(held, of); err != nil {
		_ = store.Close() // the error that counts is the first
		return nil, err
	}
	return j, nil
}

func (j *Journal) begin(held []byte, of Of) error {
	first, err := write(header{APIVersion, of.Plan, of.Run, of.Actions})
	if err != nil {
		return err
	}
	if len(held) < len(first) && bytes.HasPrefix(first, held) { // empty, or killed at the first line
		return j.start(first, len(held) > 0)
	}
	whole := bytes.LastIndexByte(held, '\n') + 1
	for number := 1; len(held) > 0; number++ {
		line, rest, complete := bytes.Cut(held, []byte("\n"))
		if number == 1 {
			err = j.readHeader(line, of)
		} else if complete {
			err = j.readEntry(line)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", j.store.Name(), number, err)
		}
		if !complete {
			return j.cut(whole)
		}
		held = rest
	}
	return nil
}

func (j *Journal) start(first []byte, again bool) error {
	if again {
		if err := j.cut(0); err != nil {
			return err
		}
	}
	return j.append(first)
}

func (j *Journal) cut(size int) error {
	if err := j.store.Truncate(int64(size)); err != nil {
		return fmt.Errorf("%s: cutting off its last line, which is not whole: %w", j.store.Name(), err)
	}
	return nil
}

func (j *Journal) readHeader(line []byte, of Of) error {
	var h header
	if err := read(line, &h); err != nil || !strings.HasPrefix(h.APIVersion, "cyrdrill.journal/") {
		return errors.New("it is no journal of a restore; name another file")
	}
	switch {
	case h.APIVersion != APIVersion:
		return fmt.Errorf("it is a journal of version %q, and this cyrdrill reads %q", h.APIVersion, APIVersion)
	case h.Plan != of.Plan || h.Actions != of.Actions:
		return fmt.Errorf("it is the journal of another plan (%.19s, and this one is %.19s); apply that plan, or name another journal", h.Plan, of.Plan)
	case h.Run != of.Run:
		return fmt.Errorf("it is the journal of another run (%s, and this one is %s); name another journal", h.Run, of.Run)
	}
	return nil
}

func (j *Journal) readEntry(line []byte) error {
	var e Entry
	if err := read(line, &e); err != nil {
		return err
	}
	for _, part := range []struct {
		ranges []Range
		state  State
	}{{e.Begun, Begun}, {e.Done, Done}, {e.Found, Found}, {e.Left, Left}, {e.Anew, Begun}} {
		for _, r := range part.ranges {
			if r[0] < 0 || r[1] < r[0] || r[1] >= len(j.states) {
				return fmt.Errorf("it tells of actions %d to %d, and the plan has %d", r[0], r[1], len(j.states))
			}
			for i := r[0]; i <= r[1]; i++ {
				if part.state == Done && j.states[i] == Pending {
					return fmt.Errorf("it tells that action %d was done, which had not begun", i)
				}
			}
		}
	}
	j.note(e)
	return nil
}

// note takes in what an entry says.
func (j *Journal) note(e Entry) {
	for _, part := range []struct {
		ranges []Range
		state  State
	}{{e.Begun, Begun}, {e.Done, Done}, {e.Found, Found}, {e.Left, Left}} {
		for _, r := range part.ranges {
			for i := r[0]; i <= r[1]; i++ {
				j.states[i] = part.state
				if part.state == Left {
					j.why[i] = e.Why
				}
			}
		}
	}
	for _, r := range e.Anew {
		for i := r[0]; i <= r[1]; i++ {
			j.anew[i] = true
		}
	}
	if e.Verified != "" {
		j.verified[e.Verified] = true
	}
	if e.Held != "" {
		j.held[e.Held] = true
	}
	delete(j.held, e.Released)
	if e.Kept != "" {
		j.kept = append(j.kept, e.Kept)
	}
	j.ended = j.ended || e.Ended
}

// Write adds entries, each a line, and returns once all of them are safe: several
// together cost no more than one. After a failure the journal takes no more: what it holds
// is what it held before, or some of the first of them as well.
func (j *Journal) Write(entries ...Entry) error {
	var lines []byte
	for _, e := range entries {
		line, err := write(e)
		if err != nil {
			return err
		}
		lines = append(lines, line...)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.append(lines); err != nil {
		return err
	}
	for _, e := range entries {
		j.note(e)
	}
	return nil
}

func (j *Journal) append(line []byte) error {
	if j.broken == nil {
		if err := j.store.Append(line); err != nil {
			j.broken = fmt.Errorf("%s cannot be written to, so nothing more was touched: %w", j.store.Name(), err)
		}
	}
	return j.broken
}

// State returns what is known of an action.
func (j *Journal) State(action int) State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.states[action]
}

// Why returns why an action was left.
func (j *Journal) Why(action int) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.why[action]
}

// Anew says whether an action's message gets a new UID, which was not planned.
func (j *Journal) Anew(action int) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.anew[action]
}

// Verified says whether all that was done for an account has been read back.
func (j *Journal) Verified(account string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.verified[account]
}

// Held says whether the server's replication was stopped, and not let go on yet.
func (j *Journal) Held(server string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.held[server]
}

// Kept returns where copies of indexes lie, in the order in which they were made.
func (j *Journal) Kept() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.kept
}

// Ended says whether nothing is left to do.
func (j *Journal) Ended() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended
}

// Close lets others have the journal.
func (j *Journal) Close() error { return j.store.Close() }
