package cyrus

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.ScriptSaboteur = saboteur{}

// sieveMailbox holds an account's scripts, each as a message.
const sieveMailbox = "INBOX/#sieve"

// sieveFolder returns where an account's bytecode lies.
func (s *server) sieveFolder(ctx context.Context, account string) (string, error) {
	said, err := s.tool(ctx, "mbpath", "-a", "user/"+account)
	if err != nil {
		return "", fmt.Errorf("looking for the bytecode of %s on %s: %w", account, s.name, err)
	}
	for line := range strings.Lines(said) {
		if folder, ok := strings.CutPrefix(line, "Sieve: "); ok {
			return strings.TrimSpace(folder), nil
		}
	}
	return "", fmt.Errorf("looking for the bytecode of %s on %s: mbpath says %q", account, s.name, said)
}

// compile returns what sievec makes of a script, apart from any account. It makes
// the same of the same script each time, so each is compiled once.
func (s *server) compile(ctx context.Context, source []byte) ([]byte, error) {
	if known, ok := s.compiled.Load(string(source)); ok {
		return known.([]byte), nil
	}
	bytecode, err := s.sievec(ctx, source)
	if err == nil {
		s.compiled.Store(string(source), bytecode)
	}
	return bytecode, err
}

func (s *server) sievec(ctx context.Context, source []byte) ([]byte, error) {
	script := "/tmp/cyrdrill-" + strings.ToLower(rand.Text()) + ".sieve" // several may be compiled at once
	if err := s.pair.engine.write(ctx, s.id, file{path: script, mode: 0o644, content: source}); err != nil {
		return nil, err
	}
	return s.pair.engine.exec(ctx, s.id, "", layout.CompileCommand(script)...)
}

// ReplaceSource implements [target.ScriptSaboteur]. The index records how long
// the message is that holds a script, so a shorter source is filled up with
// blanks, which mean nothing in a script.
func (b saboteur) ReplaceSource(ctx context.Context, name target.ServerName, account, script string, source []byte) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("replacing the script %s of %s on %s: %w", script, account, name, err)
	}
	path, head, shown, err := s.storedScript(ctx, account, script)
	if err != nil {
		return fail(err)
	}
	if len(source) > len(shown) {
		return fail(fmt.Errorf("%d bytes cannot take the place of %d", len(source), len(shown)))
	}
	filled := append(bytes.Clone(source), bytes.Repeat([]byte(" "), len(shown)-len(source))...)
	if err := s.overwrite(ctx, path, slices.Concat(head, filled)); err != nil {
		return fail(err)
	}
	evidence := target.Evidence{
		Summary: fmt.Sprintf("the source of %s of %s on %s was overwritten", script, account, name),
		Facts:   []target.Fact{{What: fmt.Sprintf("source of %s of %s", script, account), Before: describeFile(shown), After: describeFile(filled)}},
	}
	more, err := b.ReplaceCompiled(ctx, name, account, script, filled)
	if err != nil {
		return evidence, err
	}
	return evidence.And(more), nil
}

// storedScript returns the file that holds a script's source, and the two parts of
// what is in it: what comes before the source, and the source.
func (s *server) storedScript(ctx context.Context, account, script string) (path string, head, source []byte, err error) {
	if !s.pair.differences().plainScripts {
		path, message, err := s.scriptMessage(ctx, account, script)
		if err != nil {
			return "", nil, nil, err
		}
		at := bytes.Index(message, []byte("\r\n\r\n"))
		if at < 0 {
			return "", nil, nil, fmt.Errorf("the message that holds it has no body")
		}
		return path, message[:at+4], message[at+4:], nil
	}
	folder, err := s.sieveFolder(ctx, account)
	if err != nil {
		return "", nil, nil, err
	}
	path = folder + "/" + script + ".script"
	source, err = s.contents(ctx, path)
	return path, nil, source, err
}

// scriptMessage returns the message file that holds a script's source: the last
// one of that subject.
func (s *server) scriptMessage(ctx context.Context, account, script string) (path string, message []byte, err error) {
	folder, err := s.folder(ctx, account, sieveMailbox)
	if err != nil {
		return "", nil, err
	}
	files, err := s.pair.engine.read(ctx, s.id, folder)
	if err != nil {
		return "", nil, err
	}
	last := 0
	for name, f := range files {
		var uid int
		if _, err := fmt.Sscanf(name, "%d.", &uid); err != nil || !strings.HasSuffix(name, ".") {
			continue
		}
		if bytes.Contains(f.content, []byte("\r\nSubject: "+script+"\r\n")) && uid > last {
			last, path, message = uid, folder+"/"+name, f.content
		}
	}
	if last == 0 {
		return "", nil, fmt.Errorf("no message holds it")
	}
	return path, message, nil
}

// ReplaceCompiled implements [target.ScriptSaboteur].
func (b saboteur) ReplaceCompiled(ctx context.Context, name target.ServerName, account, script string, source []byte) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("replacing the bytecode of %s of %s on %s: %w", script, account, name, err)
	}
	folder, err := s.sieveFolder(ctx, account)
	if err != nil {
		return fail(err)
	}
	path := folder + "/" + script + ".bc"
	before, err := s.contents(ctx, path)
	if err != nil {
		return fail(err)
	}
	bytecode, err := s.compile(ctx, source)
	if err != nil {
		return fail(err)
	}
	if err := s.overwrite(ctx, path, bytecode); err != nil {
		return fail(err)
	}
	after, err := s.contents(ctx, path)
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("the bytecode of %s of %s on %s was replaced", script, account, name),
		Facts:   []target.Fact{{What: fmt.Sprintf("bytecode of %s of %s", script, account), Before: describeFile(before), After: describeFile(after)}},
	}, nil
}
