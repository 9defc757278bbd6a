// Package rfc5322 reads the headers of messages (RFC 5322) without making copies of
// what nobody asks for. It takes what it can read of a broken header, and ends
// with the first empty line.
//
//	go test ./harness/target/rfc5322
package rfc5322

import (
	"bytes"
	"iter"
	"strings"
)

// Field returns the value of a message's first header field of that name, in one
// line.
func Field(message []byte, name string) (value string, ok bool) {
	for field, text := range fields(message) {
		if isNamed(field, name) {
			return unfold(text), true
		}
	}
	return "", false
}

// Fields returns the values of a message's first header fields of these names, each
// in one line; empty for one that it does not have. It reads the header once.
func Fields(message []byte, names ...string) []string {
	values := make([]string, len(names))
	var room [8]string
	missing := append(room[:0], names...) // empty: it was found
	for field, text := range fields(message) {
		for i, name := range missing {
			if name != "" && isNamed(field, name) {
				values[i], missing[i] = unfold(text), ""
			}
		}
	}
	return values
}

// Message is a message of which a sieve script asks (go-sieve's interp.Message).
type Message []byte

// HeaderGet returns the values of all fields of that name.
func (m Message) HeaderGet(name string) (values []string, err error) {
	for field, text := range fields(m) {
		if isNamed(field, name) {
			values = append(values, unfold(text))
		}
	}
	return values, nil
}

// MessageSize returns how many bytes it has.
func (m Message) MessageSize() int { return len(m) }

// fields goes through the names and values of a message's header.
func fields(message []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for len(message) > 0 {
			line, rest := splitField(message)
			if isBlank(line) {
				return
			}
			if colon := bytes.IndexByte(line, ':'); colon >= 0 && !yield(bytes.TrimSpace(line[:colon]), line[colon+1:]) {
				return
			}
			message = rest
		}
	}
}

func isNamed(field []byte, name string) bool {
	return len(field) == len(name) && strings.EqualFold(string(field), name)
}

// isBlank is asked of each line, and answers most often by the first byte.
func isBlank(line []byte) bool {
	for _, b := range line {
		if b != '\r' && b != '\n' {
			return false
		}
	}
	return true
}

// splitField splits off a header field with the lines that continue it.
func splitField(message []byte) (field, rest []byte) {
	for end := 0; ; {
		newline := bytes.IndexByte(message[end:], '\n')
		if newline < 0 {
			return message, nil
		}
		end += newline + 1
		continued := end < len(message) && (message[end] == ' ' || message[end] == '\t')
		if !continued || isBlank(message[:end]) {
			return message[:end], message[end:]
		}
	}
}

func unfold(value []byte) string {
	value = bytes.TrimSpace(value)
	if bytes.IndexByte(value, '\n') < 0 {
		return string(value)
	}
	line := make([]byte, 0, len(value))
	for i, b := range value {
		if b == '\n' || b == '\r' && i+1 < len(value) && value[i+1] == '\n' {
			continue
		}
		line = append(line, b)
	}
	return string(bytes.TrimSpace(line))
}
