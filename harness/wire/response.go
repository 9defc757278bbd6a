package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

// Response is one answer of an IMAP server, read as far as every answer can
// be: what an unknown one holds is nobody's business, and does no harm.
type Response struct {
	Tag    string // "*", "+", or the tag of the command that it ends
	Status string // "OK", "NO", "BAD", "BYE" or "PREAUTH"; empty: data
	Code   string // of a status: what is in brackets, "APPENDUID 1 2:3"
	Text   string // of a status or "+": words for people
	Number uint32 // of data about a message: "* 3 FETCH"
	Name   string // of data, in capitals: "FETCH", "LIST"
	line   []byte // of data: all that follows the tag, literals in place
	rest   []byte // of data: what follows the name
}

// Value is one value in the data of an answer.
type Value struct {
	Text []byte  // of an atom, string or literal; nil: NIL, or a list
	List []Value // of a list; not nil even when it is empty
}

// ReadResponse reads the next answer.
func ReadResponse(in *bufio.Reader) (*Response, error) {
	answer, err := lex.ReadAnswer(in, isIMAPText)
	if err != nil {
		return nil, err
	}
	// One line end alone: before it there may be those of a message.
	answer = bytes.TrimSuffix(bytes.TrimSuffix(answer, []byte("\n")), []byte("\r"))
	tag, rest, _ := bytes.Cut(answer, []byte(" "))
	r := &Response{Tag: string(tag)}
	if r.Tag == "" {
		return nil, fmt.Errorf("answer has no tag: %.60q", answer)
	}
	if r.Tag == "+" {
		r.Text = string(rest)
		return r, nil
	}
	word, after, _ := bytes.Cut(rest, []byte(" "))
	name := strings.ToUpper(string(word))
	if isIMAPStatus(name) {
		r.Status = name
		r.Code, r.Text = splitCode(string(after))
		return r, nil
	}
	if number, err := strconv.ParseUint(name, 10, 32); err == nil {
		r.Number = uint32(number)
		word, after, _ = bytes.Cut(after, []byte(" "))
		name = strings.ToUpper(string(word))
	}
	r.Name, r.line, r.rest = name, rest, after
	return r, nil
}

// isIMAPText says whether the line is a continuation or a status, in which
// braces at the end announce nothing.
func isIMAPText(line []byte) bool {
	tag, rest, _ := bytes.Cut(bytes.TrimLeft(line, " "), []byte(" "))
	if string(bytes.TrimSpace(tag)) == "+" {
		return true
	}
	word, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	const longest = len("PREAUTH\r\n")
	return len(word) <= longest && isIMAPStatus(strings.ToUpper(string(bytes.TrimSpace(word))))
}

func isIMAPStatus(word string) bool {
	switch word {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return false
}

func splitCode(text string) (code, rest string) {
	inside, bracketed := strings.CutPrefix(text, "[")
	code, rest, closed := strings.Cut(inside, "]")
	if !bracketed || !closed {
		return "", text
	}
	return code, strings.TrimPrefix(rest, " ")
}

// Values reads the data that follows the answer's name.
func (r *Response) Values() ([]Value, error) {
	p := &valueParser{lex.Scanner{Text: r.rest}}
	var values []Value
	for p.Spaces(); p.Pos < len(p.Text); p.Spaces() {
		value, err := p.value(0)
		if err != nil {
			return nil, fmt.Errorf("%s answer not understood %w", r.Name, err)
		}
		values = append(values, value)
	}
	return values, nil
}

// Items are the items of a FETCH answer: their names and values, in turn.
type Items []Value

// Named returns the first item whose name begins so, in whatever case: a server
// may write what follows otherwise than it was asked, BODY[HEADER.FIELDS ("X-Y")].
func (items Items) Named(start string) (Value, bool) {
	for i := 0; i+1 < len(items); i += 2 {
		if name := items[i].Text; len(name) >= len(start) && bytes.EqualFold(name[:len(start)], []byte(start)) {
			return items[i+1], true
		}
	}
	return Value{}, false
}

// Fetched returns the items of a FETCH answer.
func (r *Response) Fetched() (Items, error) {
	values, err := r.Values()
	if err != nil {
		return nil, err
	}
	if len(values) != 1 || len(values[0].List)%2 != 0 {
		return nil, fmt.Errorf("FETCH answer not understood: no list of pairs")
	}
	return values[0].List, nil
}

type valueParser struct{ lex.Scanner }

func (p *valueParser) value(depth int) (Value, error) {
	switch {
	case depth > lex.MaxDepth:
		return Value{}, p.Errorf("lists are nested deeper than %d", lex.MaxDepth)
	case p.Take("("):
		return p.list(depth + 1)
	case p.Peek() == '"':
		text, err := p.Quoted()
		if text == nil {
			text = []byte{} // NIL is another thing
		}
		return Value{Text: text}, err
	case p.Peek() == '{':
		text, err := p.Literal() // never nil: a piece of the answer, even if empty
		return Value{Text: text}, err
	}
	atom, err := p.atom()
	if bytes.EqualFold(atom, []byte("NIL")) {
		return Value{}, err
	}
	return Value{Text: atom}, err
}

func (p *valueParser) list(depth int) (Value, error) {
	const usual = 12 // what Records asks for
	list := Value{List: make([]Value, 0, usual/depth)}
	for p.Spaces(); !p.Take(")"); p.Spaces() {
		item, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		list.List = append(list.List, item)
	}
	return list, nil
}

// atom reads up to the next blank, parenthesis or quote, but over all of these
// within the brackets of BODY[HEADER.FIELDS (SUBJECT)].
func (p *valueParser) atom() ([]byte, error) {
	start := p.Pos
	word := p.Until(" ()\"[\r\n")
	if p.Peek() == '[' && (bytes.EqualFold(word, []byte("BODY")) || bytes.EqualFold(word, []byte("BINARY"))) {
		p.Until("]\r\n")
	}
	p.Until(" ()\"\r\n")
	if p.Pos == start {
		return nil, p.Errorf("value expected")
	}
	return p.Text[start:p.Pos:p.Pos], nil
}
