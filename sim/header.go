package sim

import (
	"bytes"
	"iter"
	"strings"

	"github.com/foxcpp/go-sieve/interp"
)

// headerField returns the value of a message's first header field of that name,
// in one line.
func headerField(message []byte, name string) (value string, ok bool) {
	for field, text := range headerFields(message) {
		if isNamed(field, name) {
			return unfold(text), true
		}
	}
	return "", false
}

// headerFields goes through the names and values of a message's header.
func headerFields(message []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for len(message) > 0 {
			line, rest := headerLine(message)
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

// headerLine splits off a header field with the lines that continue it.
func headerLine(message []byte) (line, rest []byte) {
	for end := 0; ; {
		newline := bytes.IndexByte(message[end:], '\n')
		if newline < 0 {
			return message, nil
		}
		end += newline + 1
		if end == len(message) || message[end] != ' ' && message[end] != '\t' || isBlank(message[:end]) {
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

// sieved is a message as a script asks about it.
type sieved []byte

var _ interp.Message = sieved(nil)

// HeaderGet implements [interp.Message].
func (m sieved) HeaderGet(name string) (values []string, err error) {
	for field, text := range headerFields(m) {
		if isNamed(field, name) {
			values = append(values, unfold(text))
		}
	}
	return values, nil
}

// MessageSize implements [interp.Message].
func (m sieved) MessageSize() int { return len(m) }
