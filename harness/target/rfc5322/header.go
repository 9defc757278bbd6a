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
			if name, value, ok := bytes.Cut(line, []byte(":")); ok && !yield(bytes.TrimSpace(name), value) {
				return
			}
			message = rest
		}
	}
}

func isNamed(field []byte, name string) bool {
	return len(field) == len(name) && strings.EqualFold(string(field), name)
}

func isBlank(line []byte) bool { return len(bytes.TrimRight(line, "\r\n")) == 0 }

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
	return strings.TrimSpace(strings.NewReplacer("\r\n", "", "\n", "").Replace(string(value)))
}
