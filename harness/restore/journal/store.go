package journal

import (
	"errors"
	"fmt"
)

// Store keeps a journal's bytes.
type Store interface {
	// Name says which journal it is, for messages: a file's name.
	Name() string
	// Open takes the store for one restore and returns what it holds. It returns
	// [ErrInUse] where another restore has it.
	Open() ([]byte, error)
	// Append adds bytes and returns once they are safe. Where it fails, the store
	// holds what it held before, or a beginning of the bytes after that.
	Append(data []byte) error
	// Truncate cuts off what lies behind the first size bytes.
	Truncate(size int64) error
	// Close lets others have it.
	Close() error
}

// ErrInUse says that another restore has the journal open.
var ErrInUse = errors.New("another restore is at work with this journal")

// Memory is a store for as long as the process lives. It is for one goroutine at a
// time, as the simulator's tasks are.
type Memory struct {
	held []byte
	open bool
}

var _ Store = (*Memory)(nil)

// Name implements [Store].
func (*Memory) Name() string { return "journal in memory" }

// Open implements [Store].
func (m *Memory) Open() ([]byte, error) {
	if m.open {
		return nil, ErrInUse
	}
	m.open = true
	return append([]byte(nil), m.held...), nil
}

// Append implements [Store].
func (m *Memory) Append(data []byte) error {
	m.held = append(m.held, data...)
	return nil
}

// Truncate implements [Store].
func (m *Memory) Truncate(size int64) error {
	if size > int64(len(m.held)) {
		return fmt.Errorf("%s holds %d bytes, not %d", m.Name(), len(m.held), size)
	}
	m.held = m.held[:size]
	return nil
}

// Close implements [Store].
func (m *Memory) Close() error {
	m.open = false
	return nil
}

// Bytes returns what the store holds.
func (m *Memory) Bytes() []byte { return m.held }
