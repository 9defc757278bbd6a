package wire

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

// Scripts returns the names of the account's scripts, in the server's order
// (LISTSCRIPTS).
func (s *Sieve) Scripts(ctx context.Context) ([]SieveScriptName, error) {
	const name = "LISTSCRIPTS"
	a, err := s.run(ctx, sieveCommand{name: name, text: name})
	if err != nil {
		return nil, err
	}
	scripts := make([]SieveScriptName, len(a.lines))
	for i, line := range a.lines {
		values, word, err := readSieveLine(line)
		active := strings.EqualFold(word, "ACTIVE")
		if err == nil && (len(values) != 1 || word != "" && !active) {
			err = errors.New("a name expected, and no word but ACTIVE")
		}
		if err != nil {
			// Cyrus puts no backslash before the quotes in a name.
			return nil, fmt.Errorf("%s: answer not understood: %w: %.60q", name, err, line)
		}
		scripts[i] = SieveScriptName{Name: string(values[0]), Active: active}
	}
	return scripts, nil
}

// Get returns a script's source (GETSCRIPT).
func (s *Sieve) Get(ctx context.Context, name string) ([]byte, error) {
	a, err := s.named(ctx, sieveCommand{name: "GETSCRIPT"}, name, "")
	if err != nil {
		return nil, err
	}
	if len(a.lines) != 1 {
		return nil, fmt.Errorf("GETSCRIPT %s: %d scripts in the answer", name, len(a.lines))
	}
	values, word, err := readSieveLine(a.lines[0])
	if err == nil && (len(values) != 1 || word != "") {
		err = errors.New("one script expected")
	}
	if err != nil {
		return nil, fmt.Errorf("GETSCRIPT %s: answer not understood: %w", name, err)
	}
	return values[0], nil
}

// Put stores a script under the name, in place of one that is there
// (PUTSCRIPT). A server refuses what does not compile, and Cyrus also what is
// over its sieve_maxscriptsize (32 KB). A name that is not ASCII is stored by
// Cyrus 3.6.1 in the encoded form of a mail header, and found by that alone.
func (s *Sieve) Put(ctx context.Context, name string, source []byte) error {
	cmd := sieveCommand{name: "PUTSCRIPT", changes: true}
	if err := sendable(cmd.name, source); err != nil {
		return err
	}
	_, err := s.named(ctx, cmd, name, " "+sieveLiteral(string(source)))
	return err
}

// Check asks whether the script would be stored, and does not store it
// (CHECKSCRIPT).
func (s *Sieve) Check(ctx context.Context, source []byte) error {
	cmd := sieveCommand{name: "CHECKSCRIPT"}
	if err := sendable(cmd.name, source); err != nil {
		return err
	}
	cmd.text = "CHECKSCRIPT " + sieveLiteral(string(source))
	_, err := s.run(ctx, cmd)
	return err
}

// Activate makes the script the one that runs, in place of another, or with an
// empty name none (SETACTIVE).
func (s *Sieve) Activate(ctx context.Context, name string) error {
	_, err := s.named(ctx, sieveCommand{name: "SETACTIVE", changes: true}, name, "")
	return err
}

// Delete removes a script. A server refuses to remove the active one
// (DELETESCRIPT).
func (s *Sieve) Delete(ctx context.Context, name string) error {
	_, err := s.named(ctx, sieveCommand{name: "DELETESCRIPT", changes: true}, name, "")
	return err
}

// named runs a command on a script, unless none can have such a name. Cyrus
// does not refuse them all, and stores the script under another.
func (s *Sieve) named(ctx context.Context, cmd sieveCommand, name, argument string) (*sieveAnswer, error) {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, isForbiddenInName) {
		return nil, notSent(cmd.name, fmt.Sprintf("%.60q cannot be a script's name", name))
	}
	cmd.text = cmd.name + " " + sieveString(name) + argument
	cmd.name = strings.TrimSuffix(cmd.name+" "+name, " ")
	return s.run(ctx, cmd)
}

// isForbiddenInName says whether RFC 5804, section 1.6, bars the character.
func isForbiddenInName(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

func sendable(name string, source []byte) error {
	if len(source) > lex.MaxLiteral {
		return notSent(name, fmt.Sprintf("script of %d bytes is over the limit of %d", len(source), lex.MaxLiteral))
	}
	return nil
}

func notSent(name, why string) error {
	return &target.RefusedError{Command: name, Status: "BAD", Text: "not sent: " + why}
}

// sieveString returns the text as a quoted string where any server takes it
// so, and as a literal otherwise: Cyrus takes ASCII alone within quotes.
func sieveString(text string) string {
	plain := func(r rune) bool { return r >= ' ' && r <= '~' && r != '"' && r != '\\' }
	if len(text) > 1000 || strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return sieveLiteral(text)
	}
	return `"` + text + `"`
}

// sieveLiteral returns the text as a literal that does not wait for leave.
func sieveLiteral(text string) string { return "{" + strconv.Itoa(len(text)) + "+}\r\n" + text }
