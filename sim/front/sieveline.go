package front

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxSieveCommand bounds a command of ManageSieve, with its literals.
const maxSieveCommand = 1 << 20

// errSieveSyntax is a command that cannot be understood, and was read to its end.
var errSieveSyntax = errors.New("syntax error")

var errSieveTooLong = fmt.Errorf("command of more than %d bytes", maxSieveCommand)

// readSieveCommand reads one command of ManageSieve: its name in capitals, and its
// arguments.
func readSieveCommand(in *bufio.Reader) (name string, arguments []string, err error) {
	words, err := readSieveWords(in)
	if err != nil {
		return "", nil, err
	}
	return strings.ToUpper(words[0]), words[1:], nil
}

// readSieveWords reads a line, which may go on after literals, as words: strings or
// bare words (RFC 5804, section 4), of which there is at least one.
func readSieveWords(in *bufio.Reader) (words []string, err error) {
	var syntax error
	for left := maxSieveCommand; ; {
		line, err := readSieveLine(in, left)
		if err != nil {
			return nil, err
		}
		more, literal, err := splitSieveLine(line)
		words, syntax = append(words, more...), errors.Join(syntax, err)
		if literal < 0 {
			break
		}
		if left -= len(line) + literal; left < 0 {
			return nil, errSieveTooLong
		}
		text := make([]byte, literal)
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, err
		}
		words = append(words, string(text))
	}
	if syntax != nil || len(words) == 0 {
		return nil, errSieveSyntax
	}
	return words, nil
}

// readSieveLine reads a line of at most so many bytes, and returns it without its
// end.
func readSieveLine(in *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > most:
			return nil, errSieveTooLong
		case err == nil:
			return bytes.TrimRight(line, "\r\n"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// splitSieveLine splits a line into its words. Where it ends with the announcement
// of a literal it returns its length, and else -1.
func splitSieveLine(line []byte) (words []string, literal int, err error) {
	for rest := string(line); ; {
		rest = strings.TrimLeft(rest, " ")
		switch {
		case rest == "":
			return words, -1, nil
		case rest[0] == '"':
			word, after, ok := quoted(rest[1:])
			if !ok {
				return nil, -1, errSieveSyntax
			}
			words, rest = append(words, word), after
		case rest[0] == '{':
			digits, ok := strings.CutSuffix(rest[1:], "}")
			length, err := strconv.ParseUint(strings.TrimSuffix(digits, "+"), 10, 31)
			if !ok || err != nil {
				return nil, -1, errSieveSyntax
			}
			return words, int(length), nil
		default:
			word, after, _ := strings.Cut(rest, " ")
			words, rest = append(words, word), after
		}
	}
}

// quoted reads what is left of a quoted string, and returns what follows it.
func quoted(text string) (word, after string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return out.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		out.WriteByte(text[i])
	}
	return "", "", false
}

// sieveString writes a string: quoted where that can hold it, else as a literal.
func sieveString(text string) string {
	if len(text) > 1024 || strings.ContainsAny(text, "\r\n\x00\"\\") {
		return sieveLiteral(text)
	}
	return `"` + text + `"`
}

func sieveLiteral(text string) string { return fmt.Sprintf("{%d}\r\n%s", len(text), text) }
