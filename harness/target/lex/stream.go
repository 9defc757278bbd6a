package lex

import (
	"bufio"
	"bytes"
	"fmt"
)

// ReadError says that an answer could not be read to its end: what has come of it is not
// the whole.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return e.Err.Error() }

// Unwrap returns what kept it from being read.
func (e *ReadError) Unwrap() error { return e.Err }

// Stream reads one answer value by value as it arrives, where all of it would be too much
// to hold. What a value is, is the business of a [Scanner]: a stream finds its end. Of
// what is in Text already, whoever reads may drop as much as they like.
type Stream struct {
	In   *bufio.Reader
	Text []byte // what was read
}

// Begins says whether the prefix is next, and waits for no byte after the first that is
// another.
func (s *Stream) Begins(prefix string) (bool, error) {
	for n := 1; n <= len(prefix); n++ {
		next, err := s.In.Peek(n)
		if err != nil {
			return false, &ReadError{CutOff(err, n > 1 || len(s.Text) > 0)}
		}
		if next[n-1] != prefix[n-1] {
			return false, nil
		}
	}
	return true, nil
}

// Take reads the prefix if it is next.
func (s *Stream) Take(prefix string) (bool, error) {
	begins, err := s.Begins(prefix)
	if begins {
		err = s.read(len(prefix))
	}
	return begins, err
}

// Spaces reads any number of spaces.
func (s *Stream) Spaces() error {
	for {
		if more, err := s.Take(" "); err != nil || !more {
			return err
		}
	}
}

// LineEnd passes over CRLF, or over a bare LF.
func (s *Stream) LineEnd() error {
	for _, end := range []string{"\n", "\r\n"} {
		begins, err := s.Begins(end)
		if err != nil {
			return err
		}
		if begins {
			_, err := s.In.Discard(len(end))
			return err
		}
	}
	return fmt.Errorf("nothing expected after the value")
}

// Value reads the next value: an atom, a string, a literal, a file, or a list or map with
// all that is in it.
func (s *Stream) Value() error {
	begin := len(s.Text)
	next, err := s.until(" ()\"{\r\n")
	if err != nil {
		return err
	}
	switch atom := string(s.Text[begin:]); {
	case next == '(' && (atom == "" || atom == "%"):
		return s.list()
	case next == '{' && (atom == "" || atom == "%"):
		return s.literal()
	case next == '"' && atom == "":
		return s.quoted()
	case next == '{': // within an atom it means nothing
		_, err = s.until(" ()\"\r\n")
	case atom == "":
		err = fmt.Errorf("value expected")
	}
	return err
}

// list reads up to the parenthesis that closes the one that is next.
func (s *Stream) list() error {
	for depth := 0; ; {
		next, err := s.until("()\"\n")
		switch {
		case err != nil:
			return err
		case next == '"':
			err = s.quoted()
		case next == '\n':
			err = s.literal()
		default:
			err = s.read(1)
		}
		switch {
		case err != nil:
			return err
		case next == '(':
			depth++
		case next == ')':
			if depth--; depth == 0 {
				return nil
			}
		}
	}
}

// quoted reads a quoted string, the opening quote of which is next.
func (s *Stream) quoted() error {
	step := 1
	for {
		if err := s.read(step); err != nil {
			return err
		}
		next, err := s.until("\"\\\r\n")
		switch {
		case err != nil:
			return err
		case next == '"':
			return s.read(1)
		case next != '\\':
			return fmt.Errorf("quoted string has no end")
		}
		step = len(`\"`)
	}
}

// literal reads the rest of a line that announces a literal or a file, and that.
func (s *Stream) literal() error {
	if _, err := s.until("\n"); err != nil {
		return err
	}
	if err := s.read(1); err != nil {
		return err
	}
	line := s.Text[bytes.LastIndexByte(s.Text[:len(s.Text)-1], '\n')+1:]
	size, follows, err := literalAtEnd(line)
	if err == nil && !follows {
		err = fmt.Errorf("the line ends within a value")
	}
	if err != nil {
		return err
	}
	return s.read(size)
}

// read moves as many bytes to the text.
func (s *Stream) read(n int) (err error) {
	if s.Text, err = appendBytes(s.Text, s.In, n); err != nil {
		return &ReadError{err}
	}
	return nil
}

// until moves to the text what comes before the first of the bytes in stop, which is then
// next.
func (s *Stream) until(stop string) (next byte, err error) {
	for {
		if _, err := s.In.Peek(1); err != nil {
			return 0, &ReadError{CutOff(err, true)}
		}
		arrived, _ := s.In.Peek(s.In.Buffered())
		end := bytes.IndexAny(arrived, stop)
		if end >= 0 {
			next, arrived = arrived[end], arrived[:end]
		}
		if len(s.Text)+len(arrived) > MaxAnswer {
			return 0, &ReadError{fmt.Errorf("value is longer than %d bytes", MaxAnswer)}
		}
		s.Text = append(s.Text, arrived...)
		if _, err := s.In.Discard(len(arrived)); err != nil {
			return 0, &ReadError{err}
		}
		if end >= 0 {
			return next, nil
		}
	}
}
