package front

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// managesieve speaks ManageSieve (RFC 5804), as Cyrus's timsieved does.
type managesieve struct{ door *door }

func (managesieve) close() error { return nil }

func (m managesieve) talk(ctx context.Context, c *conn) {
	t := &sieveTalk{conn: c, ctx: ctx, in: bufio.NewReader(c), out: bufio.NewWriter(c)}
	t.capabilities()
	t.say("OK")
	for !t.over && t.out.Flush() == nil {
		t.command()
	}
	_ = t.out.Flush()
}

// sieveTalk is one conversation.
type sieveTalk struct {
	*conn
	ctx     context.Context
	in      *bufio.Reader
	out     *bufio.Writer
	account string // who has logged in
	session *sim.ScriptSession
	over    bool
}

func (t *sieveTalk) say(parts ...string) {
	_, _ = t.out.WriteString(strings.Join(parts, " ") + "\r\n") // Flush tells
}

func (t *sieveTalk) capabilities() {
	t.say(`"IMPLEMENTATION"`, sieveString("Cyrus timsieved 3.6.1 (simulated)"))
	if t.account == "" {
		t.say(`"SASL"`, `"PLAIN"`)
	}
	t.say(`"SIEVE"`, sieveString(strings.Join(sim.SieveExtensions(), " ")))
	t.say(`"VERSION"`, `"1.0"`)
}

// command reads one command and answers it.
func (t *sieveTalk) command() {
	name, arguments, err := readSieveCommand(t.in)
	switch {
	case errors.Is(err, errSieveSyntax):
		t.say("NO", `"Syntax error"`)
		return
	case err != nil:
		t.over = true
		return
	}
	known, ok := sieveCommands()[name]
	switch {
	case !ok:
		t.say("NO", `"Unrecognized command"`)
	case len(arguments) < known.least || len(arguments) > known.most:
		t.say("NO", `"Syntax error: arguments"`)
	case known.script && t.session == nil:
		t.say("NO", `"Authenticate first"`)
	default:
		t.end(known.run(t, arguments))
	}
}

// end answers with what became of a command.
func (t *sieveTalk) end(err error) {
	var refused *target.RefusedError
	switch {
	case err == nil:
		t.say("OK")
	case errors.Is(err, errAnswered):
	case errors.As(err, &refused) && refused.Code != "":
		t.say(refused.Status, "("+refused.Code+")", sieveString(refused.Text))
	case errors.As(err, &refused):
		t.say(refused.Status, sieveString(refused.Text))
	default:
		t.over = true
	}
}

// errAnswered says that a command has given its answer itself.
var errAnswered = errors.New("answered")

// sieveCommand is one command: how many arguments it takes, and whether it needs
// a login.
type sieveCommand struct {
	least, most int
	script      bool
	run         func(t *sieveTalk, arguments []string) error
}

func sieveCommands() map[string]sieveCommand {
	return map[string]sieveCommand{
		"AUTHENTICATE": {1, 2, false, (*sieveTalk).authenticate},
		"CAPABILITY":   {0, 0, false, func(t *sieveTalk, _ []string) error { t.capabilities(); return nil }},
		"NOOP":         {0, 1, false, (*sieveTalk).noop},
		"LOGOUT":       {0, 0, false, func(t *sieveTalk, _ []string) error { t.over = true; return nil }},
		"LISTSCRIPTS":  {0, 0, true, (*sieveTalk).list},
		"GETSCRIPT":    {1, 1, true, (*sieveTalk).get},
		"HAVESPACE":    {2, 2, true, (*sieveTalk).haveSpace},
		"PUTSCRIPT": {2, 2, true, func(t *sieveTalk, a []string) error {
			return t.script(func(s *sim.ScriptSession) error { return s.Put(t.ctx, a[0], []byte(a[1])) })
		}},
		"CHECKSCRIPT": {1, 1, true, func(t *sieveTalk, a []string) error {
			return t.script(func(s *sim.ScriptSession) error { return s.Check(t.ctx, []byte(a[0])) })
		}},
		"SETACTIVE": {1, 1, true, func(t *sieveTalk, a []string) error {
			return t.script(func(s *sim.ScriptSession) error { return s.Activate(t.ctx, a[0]) })
		}},
		"DELETESCRIPT": {1, 1, true, func(t *sieveTalk, a []string) error {
			return t.script(func(s *sim.ScriptSession) error { return s.Delete(t.ctx, a[0]) })
		}},
		"RENAMESCRIPT": {2, 2, true, func(t *sieveTalk, a []string) error {
			return t.script(func(s *sim.ScriptSession) error { return s.Rename(t.ctx, a[0], a[1]) })
		}},
	}
}

// script does something with the account's scripts.
func (t *sieveTalk) script(do func(*sim.ScriptSession) error) error {
	return t.ask(func(*sim.Pair) error { return do(t.session) })
}

func (t *sieveTalk) noop(arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	t.say("OK", "(TAG "+sieveString(arguments[0])+")", `"Done"`)
	return errAnswered
}

func (t *sieveTalk) list([]string) error {
	return t.script(func(s *sim.ScriptSession) error {
		scripts, err := s.List(t.ctx)
		for _, script := range scripts {
			line := []string{`"` + script.Name + `"`} // Cyrus escapes no quotes in it
			if script.Active {
				line = append(line, "ACTIVE")
			}
			t.say(line...)
		}
		return err
	})
}

func (t *sieveTalk) get(arguments []string) error {
	return t.script(func(s *sim.ScriptSession) error {
		source, err := s.Get(t.ctx, arguments[0])
		if err == nil {
			t.say(sieveLiteral(string(source)))
		}
		return err
	})
}

func (t *sieveTalk) haveSpace(arguments []string) error {
	size, err := strconv.ParseUint(arguments[1], 10, 31)
	if err != nil {
		t.say("NO", `"Syntax error: a number expected"`)
		return errAnswered
	}
	return t.script(func(s *sim.ScriptSession) error { return s.HaveSpace(t.ctx, arguments[0], int(size)) })
}

// authenticate takes PLAIN, with its response in the command or after a question.
func (t *sieveTalk) authenticate(arguments []string) error {
	refuse := func(text string) error {
		return &target.RefusedError{Command: "AUTHENTICATE", Status: "NO", Text: text}
	}
	switch {
	case t.session != nil:
		return refuse("Already authenticated")
	case !strings.EqualFold(arguments[0], "PLAIN"):
		return refuse("Unsupported authentication mechanism")
	case len(arguments) == 1:
		t.say(`""`)
		if err := t.out.Flush(); err != nil {
			return err
		}
		response, err := readSieveWords(t.in)
		if err != nil && !errors.Is(err, errSieveSyntax) {
			return err
		}
		if len(response) != 1 {
			return refuse("Authentication Error")
		}
		arguments = append(arguments, response[0])
	}
	decoded, err := base64.StdEncoding.DecodeString(arguments[1])
	identity, username, password, ok := readPlain(decoded)
	if err == nil && ok {
		t.account, ok = t.door.fronts.options.login(identity, username, password)
	}
	if err != nil || !ok {
		t.account = ""
		return refuse("Authentication Error")
	}
	err = t.ask(func(p *sim.Pair) (err error) {
		t.session, err = p.OpenScripts(t.ctx, t.door.server, t.account)
		return err
	})
	if err != nil {
		t.account, t.session = "", nil
		return fmt.Errorf("logging in: %w", err)
	}
	return nil
}
