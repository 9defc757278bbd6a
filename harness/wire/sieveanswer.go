package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

// lineCost is about what it takes to keep a line of data, however short.
const lineCost = 64

// sieveAnswer is one answer of a ManageSieve server: lines of data, and the
// status that ends it.
type sieveAnswer struct {
	lines  [][]byte // as they are on the wire, literals in place
	status string   // "OK", "NO" or "BYE"
	code   string   // what is in parentheses: "NONEXISTENT"
	text   string   // words for people
}

// readSieveAnswer reads the next answer. What its lines of data hold is for
// those to find out who know what they asked.
func readSieveAnswer(in *bufio.Reader) (*sieveAnswer, error) {
	a := &sieveAnswer{}
	for size := 0; size <= lex.MaxAnswer; {
		line, err := lex.ReadAnswer(in, isSieveWords)
		if err != nil {
			return nil, lex.CutOff(err, size > 0)
		}
		if line[0] != '"' && line[0] != '{' {
			return a, a.readStatus(line)
		}
		a.lines = append(a.lines, line)
		size += len(line) + lineCost
	}
	return nil, fmt.Errorf("answer is longer than %d bytes", lex.MaxAnswer)
}

// isSieveWords says whether the line is a status with words that stand in no
// string, in which braces mean nothing.
func isSieveWords(line []byte) bool {
	status, rest, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
	return isSieveStatus(status) && len(rest) > 0 && !strings.ContainsRune(`("{`, rune(rest[0]))
}

func isSieveStatus(word []byte) bool {
	switch strings.ToUpper(string(word)) {
	case "OK", "NO", "BYE":
		return true
	}
	return false
}

// readStatus reads the line that ends an answer.
func (a *sieveAnswer) readStatus(line []byte) error {
	p := lex.Scanner{Text: line}
	status := p.Until(" \r\n")
	if !isSieveStatus(status) {
		return fmt.Errorf("answer not understood: %.60q", line)
	}
	a.status = strings.ToUpper(string(status))
	p.Spaces()
	err := a.readCode(&p)
	if err == nil {
		err = a.readText(&p)
	}
	if err == nil {
		err = p.LineEnd()
	}
	if err != nil {
		return fmt.Errorf("%s answer not understood %w", a.status, err)
	}
	return nil
}

// readCode reads a response code, if there is one, over the strings in it.
func (a *sieveAnswer) readCode(p *lex.Scanner) error {
	if !p.Take("(") {
		return nil
	}
	for start := p.Pos; ; {
		p.Until(")\"{\r\n")
		switch p.Peek() {
		case ')':
			a.code = string(p.Text[start:p.Pos])
			p.Pos++
			p.Spaces()
			return nil
		case '"', '{':
			if _, err := readSieveString(p); err != nil {
				return err
			}
		default:
			return p.Errorf("response code has no end")
		}
	}
}

// readText reads the words for people. A timsieved that dies says so with NO,
// in words that stand in no string: it says BYE.
func (a *sieveAnswer) readText(p *lex.Scanner) error {
	text, err := p.Until("\r\n"), error(nil)
	if len(text) > 0 && (text[0] == '"' || text[0] == '{') {
		p.Pos -= len(text)
		text, err = readSieveString(p)
	} else if a.status == "NO" && bytes.HasPrefix(text, []byte("Fatal error")) {
		a.status = "BYE"
	}
	a.text = strings.TrimSpace(string(text))
	return err
}

// readSieveString reads a quoted string or a literal, of which the first byte is
// next. It never returns nil for a string that is empty.
func readSieveString(s *lex.Scanner) ([]byte, error) {
	if s.Peek() == '{' {
		return s.Literal()
	}
	text, err := s.Quoted()
	if text == nil {
		text = []byte{}
	}
	return text, err
}

// readSieveLine reads a line of data: strings, and a bare word that may follow,
// with a space between any two of them.
func readSieveLine(line []byte) (values [][]byte, word string, err error) {
	p := lex.Scanner{Text: line}
	for p.Peek() == '"' || p.Peek() == '{' {
		value, err := readSieveString(&p)
		if err != nil {
			return nil, "", err
		}
		values = append(values, value)
		if !p.Take(" ") {
			return values, "", p.LineEnd()
		}
	}
	word = string(p.Until(" \r\n"))
	return values, word, p.LineEnd()
}

// capabilities returns what the answer says of the server, by name in
// capitals, and whether it is such a statement: of the names in it, a server
// must state its IMPLEMENTATION.
func (a *sieveAnswer) capabilities() (caps map[string]string, stated bool) {
	caps = map[string]string{}
	for _, line := range a.lines {
		values, word, err := readSieveLine(line)
		if err != nil || word != "" || len(values) > 2 {
			continue
		}
		name, value := strings.ToUpper(string(values[0])), ""
		if len(values) == 2 {
			value = string(values[1])
			stated = stated || name == "IMPLEMENTATION"
		}
		caps[name] = value
	}
	return caps, stated && a.status == "OK"
}
