package dlist

import (
	"bufio"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

// ReadLineEach reads from a connection one line such as [ParseLine] reads, and hands over
// what is in the list under a key of the line's map, item by item as it arrives: that list
// is empty in the value that is returned. So of a line of any length no more is held than
// an item, and all that is beside the list. What is handed over of a line that fails in
// the end is of no worth.
//
// An error that is no [lex.ReadError], and not from each, says that the line is not
// understood.
func ReadLineEach(in *bufio.Reader, key string, each func(item Value) error) (Value, error) {
	r := &lineReader{Stream: lex.Stream{In: in}, items: newParser(nil), handedOver: key, each: each}
	if err := r.line(); err != nil {
		return Value{}, err
	}
	return ParseLine(r.Text)
}

// lineReader reads a line, and keeps in its text all but the items that it hands over.
type lineReader struct {
	lex.Stream
	items      *parser
	handedOver string
	each       func(Value) error
}

func (r *lineReader) line() error {
	err := r.Value()
	if err == nil {
		err = r.Spaces()
	}
	if err == nil {
		err = r.top()
	}
	if err == nil {
		err = r.LineEnd()
	}
	return err
}

// top reads the line's value.
func (r *lineReader) top() error {
	if isMap, err := r.Take("%("); err != nil {
		return err
	} else if !isMap {
		return r.Value()
	}
	for {
		if err := r.Spaces(); err != nil {
			return err
		}
		if over, err := r.Take(")"); err != nil || over {
			return err
		}
		if err := r.member(); err != nil {
			return err
		}
	}
}

// member reads a key of the line's map, and what is under it.
func (r *lineReader) member() error {
	begin := len(r.Text)
	if err := r.Value(); err != nil {
		return err
	}
	r.items.reset(r.Text[begin:])
	key, err := r.items.astring()
	if err != nil {
		return fmt.Errorf("dlist, a key: %w", err)
	}
	named := string(key) == r.handedOver
	if err := r.Spaces(); err != nil {
		return err
	}
	if !named {
		return r.Value()
	}
	if list, err := r.Take("("); err != nil {
		return err
	} else if !list {
		return r.Value()
	}
	return r.handOver()
}

// handOver reads the items of a list, and keeps none.
func (r *lineReader) handOver() error {
	begin := len(r.Text)
	for {
		r.Text = r.Text[:begin]
		if err := r.Spaces(); err != nil {
			return err
		}
		r.Text = r.Text[:begin]
		if over, err := r.Take(")"); err != nil || over {
			return err
		}
		if err := r.Value(); err != nil {
			return err
		}
		item, err := r.items.whole(r.Text[begin:])
		if err == nil {
			err = r.each(item)
		}
		if err != nil {
			return err
		}
	}
}
