package lex

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

const (
	// MaxLiteral bounds what one literal, or one file of the sync protocol, may
	// announce. A server that announces more is not believed.
	MaxLiteral = 64 << 20
	// MaxAnswer bounds one whole answer, and of one that a [Stream] reads what is kept:
	// SYNCGET FULLMAILBOX gives a mailbox as one line of about 700 bytes a message.
	MaxAnswer = 512 << 20
	// AllocateAtOnce is how much is set aside on a literal's word alone; the
	// rest is, as it arrives.
	AllocateAtOnce = 64 << 10
)

// ReadAnswer reads one answer as it is on the wire: a line and, where it ends
// in a literal's size, the literal and the line after it. plain says of a
// first line that it is text for people, in which braces mean nothing.
func ReadAnswer(in *bufio.Reader, plain func(line []byte) bool) ([]byte, error) {
	var answer []byte
	for {
		start := len(answer)
		var err error
		if answer, err = appendLine(answer, in); err != nil {
			return nil, err
		}
		line := answer[start:]
		if start == 0 && plain(line) {
			return answer, nil
		}
		size, follows, err := literalAtEnd(line)
		if err != nil {
			return nil, err
		}
		if !follows {
			return answer, nil
		}
		if answer, err = appendBytes(answer, in, size); err != nil {
			return nil, err
		}
	}
}

func appendLine(answer []byte, in *bufio.Reader) ([]byte, error) {
	for {
		piece, err := in.ReadSlice('\n')
		answer = append(answer, piece...)
		switch {
		case err == nil:
			return answer, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, CutOff(err, len(answer) > 0)
		case len(answer) > MaxAnswer:
			return nil, fmt.Errorf("answer is longer than %d bytes", MaxAnswer)
		}
	}
}

func appendBytes(answer []byte, in *bufio.Reader, size int) ([]byte, error) {
	for size > 0 {
		start, step := len(answer), min(size, AllocateAtOnce)
		if start+step > MaxAnswer {
			return nil, fmt.Errorf("answer is longer than %d bytes", MaxAnswer)
		}
		answer = slices.Grow(answer, step)[:start+step]
		if _, err := io.ReadFull(in, answer[start:]); err != nil {
			return nil, CutOff(err, true)
		}
		size -= step
	}
	return answer, nil
}

// CutOff tells the end of a connection between two answers from one within.
func CutOff(err error, within bool) error {
	if within && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// literalAtEnd returns the size of the literal that the line announces with
// its last word: {5}, {5+}, or %{partition guid 5} in the sync protocol.
func literalAtEnd(line []byte) (size int, follows bool, err error) {
	line, _ = bytes.CutSuffix(line, []byte("\n"))
	line, _ = bytes.CutSuffix(line, []byte("\r"))
	line, closed := bytes.CutSuffix(line, []byte("}"))
	open := bytes.LastIndexByte(line, '{')
	if !closed || open < 0 {
		return 0, false, nil
	}
	digits := bytes.TrimSuffix(line[open+1:], []byte("+"))
	if open > 0 && line[open-1] == '%' {
		digits = line[open+1:]
		digits = digits[bytes.LastIndexByte(digits, ' ')+1:]
	}
	if !isNumber(digits) {
		return 0, false, nil
	}
	size, err = literalSize(digits)
	return size, err == nil, err
}

func isNumber(text []byte) bool {
	return len(text) > 0 && !bytes.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func literalSize(digits []byte) (int, error) {
	size, err := strconv.ParseUint(string(digits), 10, 63)
	if err != nil || size > MaxLiteral {
		return 0, fmt.Errorf("literal of %.30s bytes is over the limit of %d", digits, MaxLiteral)
	}
	return int(size), nil
}
