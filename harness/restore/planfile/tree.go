package planfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with a plan file, and where.
type Error struct {
	File         string
	Line, Column int // from 1; columns count characters
	Problem      string
}

// Error returns "FILE:LINE:COLUMN: problem", in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
}

// node is a JSON value with its place in the file.
type node struct {
	at     int // where it begins, in bytes
	value  any // of a scalar
	list   bool
	items  []*node // of a list
	object bool
	fields []field // of an object, in the file's order
}

type field struct {
	name  string
	at    int
	value *node
}

// describe names the value for messages.
func (n *node) describe() string {
	switch v := n.value.(type) {
	case string:
		return fmt.Sprintf("the text %q", v)
	case json.Number:
		return "the number " + v.String()
	case bool:
		return fmt.Sprint(v)
	}
	switch {
	case n.list:
		return "a list"
	case n.object:
		return "an object"
	}
	return "null"
}

// reader makes a tree of a file.
type reader struct {
	file    string
	text    []byte
	decoder *json.Decoder
	depth   int
}

// deepest is how deep values may lie in one another; a plan needs less.
const deepest = 16

func parse(file string, text []byte) (*node, error) {
	r := &reader{file: file, text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	r.decoder.UseNumber()
	n, err := r.next()
	if err != nil {
		return nil, err
	}
	if at := r.ahead(); at < len(text) {
		return nil, r.wrong(at, "something follows the plan")
	}
	return n, nil
}

// wrong is an error at a place.
func (r *reader) wrong(at int, format string, args ...any) *Error {
	before := r.text[:min(max(0, at), len(r.text))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return &Error{File: r.file, Line: 1 + bytes.Count(before, []byte("\n")), Column: 1 + utf8.RuneCount(line), Problem: fmt.Sprintf(format, args...)}
}

// ahead is where the next token begins.
func (r *reader) ahead() int {
	at := int(r.decoder.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

func (r *reader) token() (json.Token, int, error) {
	at := r.ahead()
	token, err := r.decoder.Token()
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return token, at, nil
	case errors.As(err, &syntax):
		return nil, 0, r.wrong(r.offending(syntax), "it is no JSON: %s", strings.TrimPrefix(syntax.Error(), "json: "))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, 0, r.wrong(len(r.text), "the file ends before the plan does")
	}
	return nil, 0, r.wrong(at, "it cannot be read: %s", err)
}

// offending is where the character is that a syntax error is about: of one between two
// tokens the decoder tells the place of what stands before it.
func (r *reader) offending(err *json.SyntaxError) int {
	at := int(err.Offset) - 1
	for at >= 0 && at < len(r.text)-1 && strings.IndexByte(" \t\r\n", r.text[at]) >= 0 && !strings.Contains(err.Error(), "in string") {
		at++
	}
	return at
}

func (r *reader) next() (*node, error) {
	token, at, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &node{at: at}
	delim, ok := token.(json.Delim)
	if !ok {
		n.value = token
		return n, nil
	}
	if r.depth++; r.depth > deepest {
		return nil, r.wrong(at, "too deeply nested; a plan needs less")
	}
	defer func() { r.depth-- }()
	n.list, n.object = delim == '[', delim == '{'
	for r.decoder.More() {
		if err := r.member(n); err != nil {
			return nil, err
		}
	}
	_, _, err = r.token() // the end of it
	return n, err
}

// member reads one item of a list, or one field of an object.
func (r *reader) member(n *node) error {
	if n.list {
		item, err := r.next()
		n.items = append(n.items, item)
		return err
	}
	key, at, err := r.token()
	if err != nil {
		return err
	}
	name, _ := key.(string)
	for _, f := range n.fields {
		if f.name == name {
			return r.wrong(at, "%q stands twice in one object", name)
		}
	}
	value, err := r.next()
	n.fields = append(n.fields, field{name, at, value})
	return err
}
