package lex

import (
	"bytes"
	"fmt"
	"strings"
)

// MaxDepth bounds how deep lists may be nested.
const MaxDepth = 32

// Scanner reads the words of one answer, literals in place. The two protocols
// share their words and differ in what these are put together to.
type Scanner struct {
	Text []byte
	Pos  int // of the next byte
}

func (s *Scanner) Errorf(format string, args ...any) error {
	return fmt.Errorf("at byte %d: %s", s.Pos, fmt.Sprintf(format, args...))
}

// Peek returns the next byte, or 0 at the end.
func (s *Scanner) Peek() byte {
	if s.Pos == len(s.Text) {
		return 0
	}
	return s.Text[s.Pos]
}

// Take passes over the prefix if it is next.
func (s *Scanner) Take(prefix string) bool {
	if !bytes.HasPrefix(s.Text[s.Pos:], []byte(prefix)) {
		return false
	}
	s.Pos += len(prefix)
	return true
}

func (s *Scanner) Expect(prefix string) error {
	if !s.Take(prefix) {
		return s.Errorf("%q expected", prefix)
	}
	return nil
}

// LineEnd passes over CRLF, or over a bare LF.
func (s *Scanner) LineEnd() error {
	if s.Take("\r\n") || s.Take("\n") {
		return nil
	}
	return s.Errorf("end of line expected")
}

// Spaces passes over any number of spaces.
func (s *Scanner) Spaces() {
	for s.Take(" ") {
	}
}

// Until returns what comes before the first of the bytes in stop.
func (s *Scanner) Until(stop string) []byte {
	rest := s.Text[s.Pos:]
	if end := bytes.IndexAny(rest, stop); end >= 0 {
		rest = rest[:end]
	}
	s.Pos += len(rest)
	return rest
}

// Quoted reads a quoted string, the opening quote of which is next.
func (s *Scanner) Quoted() ([]byte, error) {
	s.Pos++
	var text []byte
	for {
		text = append(text, s.Until("\"\\\r\n")...)
		switch {
		case s.Take(`"`):
			return text, nil
		case s.Take(`\`) && s.Pos < len(s.Text):
			text = append(text, s.Text[s.Pos])
			s.Pos++
		default:
			return nil, s.Errorf("quoted string has no end")
		}
	}
}

// Literal reads {5} or {5+}, line end and five bytes; the brace is next.
func (s *Scanner) Literal() ([]byte, error) {
	s.Pos++
	digits := s.Until("+}\r\n")
	s.Take("+")
	if err := s.Expect("}"); err != nil {
		return nil, err
	}
	return s.Sized(digits)
}

// Sized passes over a line end and returns as many bytes after it as the
// digits say.
func (s *Scanner) Sized(digits []byte) ([]byte, error) {
	if !isNumber(digits) {
		return nil, s.Errorf("size expected, not %.30q", digits)
	}
	size, err := literalSize(digits)
	if err != nil {
		return nil, err
	}
	if err := s.LineEnd(); err != nil {
		return nil, err
	}
	if size > len(s.Text)-s.Pos {
		return nil, s.Errorf("literal of %d bytes is cut off", size)
	}
	text := s.Text[s.Pos : s.Pos+size : s.Pos+size]
	s.Pos += size
	return text, nil
}

// IsAtom says whether the text can be sent bare.
func IsAtom(text string) bool {
	return text != "" && len(text) < 1024 && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= 0x1f || r >= 0x7f || strings.ContainsRune(` {}()"%*\`, r)
	})
}

// IsQuotable says whether the text can be sent in quotes as it is.
func IsQuotable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r == 0 || r >= 0x80 || strings.ContainsRune("\r\n\"%\\", r)
	})
}
