package wire

import (
	"bytes"
	"fmt"
	"strings"
)

// maxDepth bounds how deep lists may be nested.
const maxDepth = 32

// scanner reads the words of one answer, literals in place. The two protocols
// share their words and differ in what these are put together to.
type scanner struct {
	text []byte
	pos  int
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("at byte %d: %s", s.pos, fmt.Sprintf(format, args...))
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

// take passes over the prefix if it is next.
func (s *scanner) take(prefix string) bool {
	if !bytes.HasPrefix(s.text[s.pos:], []byte(prefix)) {
		return false
	}
	s.pos += len(prefix)
	return true
}

func (s *scanner) expect(prefix string) error {
	if !s.take(prefix) {
		return s.errorf("%q expected", prefix)
	}
	return nil
}

// lineEnd passes over CRLF, or over a bare LF.
func (s *scanner) lineEnd() error {
	if s.take("\r\n") || s.take("\n") {
		return nil
	}
	return s.errorf("end of line expected")
}

// spaces passes over any number of spaces.
func (s *scanner) spaces() {
	for s.take(" ") {
	}
}

// until returns what comes before the first of the bytes in stop.
func (s *scanner) until(stop string) []byte {
	start := s.pos
	for s.pos < len(s.text) && strings.IndexByte(stop, s.text[s.pos]) < 0 {
		s.pos++
	}
	return s.text[start:s.pos]
}

// quoted reads a quoted string, the opening quote of which is next.
func (s *scanner) quoted() ([]byte, error) {
	s.pos++
	var text []byte
	for {
		text = append(text, s.until("\"\\\r\n")...)
		switch {
		case s.take(`"`):
			return text, nil
		case s.take(`\`) && s.pos < len(s.text):
			text = append(text, s.text[s.pos])
			s.pos++
		default:
			return nil, s.errorf("quoted string has no end")
		}
	}
}

// literal reads {5} or {5+}, line end and five bytes; the brace is next.
func (s *scanner) literal() ([]byte, error) {
	s.pos++
	digits := s.until("+}\r\n")
	s.take("+")
	if err := s.expect("}"); err != nil {
		return nil, err
	}
	return s.sized(digits)
}

// sized passes over a line end and returns as many bytes after it as the
// digits say.
func (s *scanner) sized(digits []byte) ([]byte, error) {
	if !isNumber(digits) {
		return nil, s.errorf("size expected, not %.30q", digits)
	}
	size, err := literalSize(digits)
	if err != nil {
		return nil, err
	}
	if err := s.lineEnd(); err != nil {
		return nil, err
	}
	if size > len(s.text)-s.pos {
		return nil, s.errorf("literal of %d bytes is cut off", size)
	}
	text := s.text[s.pos : s.pos+size : s.pos+size]
	s.pos += size
	return text, nil
}
