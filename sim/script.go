package sim

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foxcpp/go-sieve"
	"github.com/foxcpp/go-sieve/interp"
	"github.com/foxcpp/go-sieve/lexer"
	"github.com/foxcpp/go-sieve/parser"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/rfc5322"
)

// sieveMailbox is what an account would call the mailbox that holds its scripts, each
// as a message, the active one \Flagged.
const sieveMailbox = inbox + "/#sieve"

// sieveSuffix ends the internal name of that mailbox.
const sieveSuffix = ".#sieve"

// bytecode is one compiled script, as it lies on the disk apart from its source.
type bytecode struct {
	source   string // what it was compiled from
	sha1     string
	script   *sieve.Script // what runs
	modified int64
}

// compile checks a script and turns it into what delivery runs.
func (p *Pair) compile(source []byte) (bytecode, error) {
	if known, ok := p.compiled[string(source)]; ok {
		return known, nil
	}
	options := sieve.DefaultOptions()
	tokens, err := lexer.Lex(bytes.NewReader(source), &options.Lexer)
	if err != nil {
		return bytecode{}, err
	}
	commands, err := parser.Parse(lexer.NewStream(tokens), &options.Parser)
	if err != nil {
		return bytecode{}, err
	}
	if redirects(commands) {
		return bytecode{}, errRedirect
	}
	script, err := interp.LoadScript(commands, &options.Interp)
	if err != nil {
		return bytecode{}, err
	}
	// Bytecode knows neither comments nor lines: it is made of what is left.
	var left []byte
	for _, token := range tokens {
		left = fmt.Appendf(left, "%T %s\n", token, withoutPosition(token))
	}
	code := bytecode{source: string(source), sha1: guidOf(left), script: script}
	p.compiled[code.source] = code
	return code, nil
}

// withoutPosition renders a token, but for where it stands.
func withoutPosition(token lexer.Token) string {
	switch token.(type) {
	case lexer.Identifier, lexer.String, lexer.Number:
		return token.String()
	default:
		return "" // its type says it all
	}
}

// scriptFile is a script as the message that holds it. It counts against a quota:
// so its header is as long as Cyrus's (sieve_db.c, 3.6.1 and 3.10.2 alike).
func (s *server) scriptFile(account, id, name string, source []byte) []byte {
	now := s.clock().Format(time.RFC1123Z)
	head := fmt.Sprintf("From: <%s@%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%x@%s>\r\n"+
		"Content-Type: application/sieve; charset=utf-8\r\nContent-Length: %d\r\n"+
		"Content-Disposition: attachment;\r\n\tfilename=\"%s.sieve\"\r\nMIME-Version: 1.0\r\n\r\n",
		account, s.name, name, now, sha1.Sum(source), s.name, len(source), id)
	return slices.Concat([]byte(head), source)
}

// newScriptID returns what a script is known by as long as there is one of its name.
func (s *server) newScriptID(account, name string) string {
	id := sha1.Sum([]byte(account + "/" + name + "/" + s.clock().String()))
	return hex.EncodeToString(id[:])[:24]
}

// scriptID returns the ID of the script that a message holds.
func scriptID(message []byte) string {
	disposition, _ := rfc5322.Field(message, "Content-Disposition")
	_, file, _ := strings.Cut(disposition, `filename="`)
	id, _, _ := strings.Cut(file, ".sieve")
	return id
}

// scriptOf takes a message that holds a script apart.
func scriptOf(message []byte) (name string, source []byte) {
	name, _ = rfc5322.Field(message, "Subject")
	return name, sourceOf(message)
}

func sourceOf(message []byte) []byte {
	_, source, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	return source
}

// listedScript is what is noted of a script when it is stored, and looked at later
// instead of the message that holds it.
type listedScript struct {
	id   string // the same whatever is stored in the script's place
	name string
	sha1 string // of its source
}

// storedScript is one script that an account has.
type storedScript struct {
	name   string
	source []byte // as it is shown; nil: its file is gone
	record record
}

// scriptList is what an account's scripts are, as of these changes. It is asked for with
// each look at the account, and seldom changes.
type scriptList struct {
	account  *accountState // whose list of scripts was gone by; nil: there was none
	listings int           // of it
	files    int           // changes of the mailbox's files
	stored   []storedScript
	kept     []string // as tidyScripts goes by them; nil: nobody has asked
}

// scripts returns the account's scripts, sorted by name, to be read alone.
func (d *disk) scripts(account string) []storedScript {
	if list := d.scriptList(account); list != nil {
		return list.stored
	}
	return nil
}

// scriptList returns what the account's scripts are; nil where no mailbox holds any.
func (d *disk) scriptList(account string) *scriptList {
	e := d.list.owned(account, sieveMailbox)
	if e == nil || d.folder(e) == nil {
		return nil
	}
	f, a := d.folder(e), d.accounts[account]
	listings := 0
	if a != nil {
		listings = a.listings
	}
	if known := f.index.scripts; known != nil && known.account == a && known.listings == listings && known.files == f.files.changes {
		return known
	}
	f.index.scripts = &scriptList{account: a, listings: listings, files: f.files.changes, stored: f.storedScripts(a)}
	return f.index.scripts
}

// storedScripts reads the scripts that a mailbox holds, whose names are as the account's
// list has them, if there is one.
func (f *folder) storedScripts(a *accountState) []storedScript {
	var found []storedScript
	for _, r := range f.index.records {
		if r.expunged {
			continue
		}
		given := f.given(listing{r.uid, r.size})
		name := ""
		if a != nil {
			name = a.scriptList[r.uid].name
		}
		if name == "" {
			name, _ = given.field("Subject")
		}
		found = append(found, storedScript{name, sourceOf(given.body), r})
	}
	slices.SortFunc(found, func(a, b storedScript) int { return strings.Compare(a.name, b.name) })
	return found
}

// installScripts makes the compiled scripts follow what has changed in the
// mailbox that holds their sources: these UIDs. What is not among them is left
// alone, however wrong it is.
func (s *server) installScripts(account string, changed []uint32) {
	a := s.disk.account(account)
	s.renamesScripts(a)
	e := s.disk.list.owned(account, sieveMailbox)
	if e == nil {
		return
	}
	f := s.disk.folder(e)
	for _, uid := range changed {
		i, ok := f.index.at(uid)
		if !ok {
			continue
		}
		r := f.index.records[i]
		name, source := scriptOf(f.files.at[uid].body)
		if listed, known := a.scriptList[uid]; known {
			name = listed.name
		}
		switch {
		case r.expunged:
			delete(a.scriptList, uid)
			a.listings++
			if s.hasScript(account, name) {
				continue // it was stored anew
			}
			delete(a.bytecode, name)
			if a.defaultScript == name {
				a.defaultScript = ""
			}
		default:
			if _, known := a.scriptList[uid]; !known {
				s.installScript(a, uid, listedScript{scriptID(f.files.at[uid].body), name, guidOf(source)}, source)
			}
			untaken := s.role == target.RoleReplica && s.pair.planted.Is(canary.ActiveScriptUntaken)
			if active := r.has(`\Flagged`); active && !untaken {
				a.defaultScript = name
			} else if a.defaultScript == name {
				a.defaultScript = ""
			}
		}
	}
}

// installScript compiles a script that has just been stored. What is in its file
// later on is not looked at again, whatever becomes of its flags.
func (s *server) installScript(a *accountState, uid uint32, listed listedScript, source []byte) {
	a.scriptList[uid] = listed
	a.listings++
	if !slices.Contains(a.scriptRows, listed.id) {
		a.scriptRows = append(a.scriptRows, listed.id)
	}
	if s.pair.planted.Is(canary.OldBytecodeKept) && a.bytecode[listed.name].script != nil {
		return
	}
	if code, err := s.pair.compile(source); err == nil {
		code.modified = s.clock().Unix()
		a.bytecode[listed.name] = code
	}
}

func (s *server) hasScript(account, name string) bool {
	return slices.ContainsFunc(s.disk.scripts(account), func(script storedScript) bool { return script.name == name })
}

// filing says into which mailbox a message goes, and with what flags.
type filing struct {
	mailbox string
	flags   []string
}

// file runs the account's compiled script on a message. Where the link to it is
// missing no script runs; where it is itself missing, or older than its source,
// it is compiled first.
func (s *server) file(ctx context.Context, account string, message []byte) []filing {
	keep := []filing{{mailbox: inbox}}
	a, ok := s.disk.accounts[account]
	if !ok || a.defaultScript == "" {
		return keep
	}
	s.recompile(account, a)
	script := a.bytecode[a.defaultScript].script
	if script == nil {
		return keep
	}
	envelope := interp.EnvelopeStatic{From: "mta@drill.example", To: account}
	run := sieve.NewRuntimeData(script, interp.DummyPolicy{}, envelope, rfc5322.Message(message))
	if err := script.Execute(ctx, run); err != nil {
		s.logf("lmtp: sieve runtime error for %s: %v", account, err)
		return keep
	}
	var filed []filing
	for _, mailbox := range run.Mailboxes {
		filed = append(filed, filing{mailbox, run.Flags})
	}
	if run.ImplicitKeep || run.Keep {
		filed = append(filed, filing{inbox, run.Flags})
	}
	return filed
}

// recompile does what delivery does before it runs a script.
func (s *server) recompile(account string, a *accountState) {
	for _, stored := range s.disk.scripts(account) {
		code, there := a.bytecode[stored.name]
		if stored.name != a.defaultScript || there && code.modified >= stored.record.internalDate {
			continue
		}
		if stored.source == nil {
			continue
		}
		if code, err := s.pair.compile(stored.source); err == nil {
			code.modified = s.clock().Unix()
			s.renamesScripts(a)
			a.bytecode[stored.name] = code
		}
	}
}
