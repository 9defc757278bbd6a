package sim

import (
	"bytes"
	"net/textproto"
	"strings"
)

// headerField returns the value of a message's first header field of that name,
// in one line.
func headerField(message []byte, name string) (value string, ok bool) {
	for len(message) > 0 {
		line, rest := headerLine(message)
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return "", false
		}
		if found, text, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(bytes.TrimSpace(found)), name) {
			return unfold(text), true
		}
		message = rest
	}
	return "", false
}

// headerLine splits off a header field with the lines that continue it.
func headerLine(message []byte) (line, rest []byte) {
	for end := 0; ; {
		newline := bytes.IndexByte(message[end:], '\n')
		if newline < 0 {
			return message, nil
		}
		end += newline + 1
		if end == len(message) || message[end] != ' ' && message[end] != '\t' || len(bytes.TrimRight(message[:end], "\r\n")) == 0 {
			return message[:end], message[end:]
		}
	}
}

func unfold(value []byte) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "", "\n", "").Replace(string(value)))
}

// headerOf returns all header fields of a message.
func headerOf(message []byte) textproto.MIMEHeader {
	header := textproto.MIMEHeader{}
	for len(message) > 0 {
		line, rest := headerLine(message)
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if name, text, ok := bytes.Cut(line, []byte(":")); ok {
			header.Add(string(bytes.TrimSpace(name)), unfold(text))
		}
		message = rest
	}
	return header
}
