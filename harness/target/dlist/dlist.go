package dlist

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

// Kind says what a [Value] is.
type Kind int

// The kinds. Cyrus tells apart more when it prints, but not on the wire.
const (
	Nil  Kind = iota
	Text      // an atom, a quoted string, a literal or a flag
	List      // ( … ): values without keys
	Map       // %( … ): values each under a key, in order
	File      // %{partition guid size}: a message file
)

// Value is one value of Cyrus's sync protocol.
type Value struct {
	Kind  Kind
	Key   string  // what it is called, in a map or at the head of a line
	Text  string  // of a text; the bytes of a file
	Items []Value // of a list or map

	Partition string // of a file
	GUID      string // of a file
}

// Atom returns a text under a key; without one, as it stands in a list.
func Atom(key, text string) Value { return Value{Kind: Text, Key: key, Text: text} }

// Num returns a number under a key.
func Num[N ~int64 | ~uint32 | ~uint64](key string, number N) Value {
	return Atom(key, fmt.Sprint(number))
}

// ListOf returns a list under a key.
func ListOf(key string, items ...Value) Value { return Value{Kind: List, Key: key, Items: items} }

// MapOf returns a map under a key.
func MapOf(key string, items ...Value) Value { return Value{Kind: Map, Key: key, Items: items} }

// Atoms returns a list of texts under a key.
func Atoms(key string, texts ...string) Value {
	list := Value{Kind: List, Key: key}
	for _, text := range texts {
		list.Items = append(list.Items, Atom("", text))
	}
	return list
}

// Get returns the value under the key.
func (d Value) Get(key string) (Value, bool) {
	for _, item := range d.Items {
		if item.Key == key {
			return item, true
		}
	}
	return Value{}, false
}

// Texts returns the items of a list of texts.
func (d Value) Texts() []string {
	texts := make([]string, len(d.Items))
	for i, item := range d.Items {
		texts[i] = item.Text
	}
	return texts
}

// TextOf returns the text under the key; empty where there is none.
func (d Value) TextOf(key string) string {
	value, _ := d.Get(key)
	return value.Text
}

// Number returns the number under the key, which must be there and fit.
func (d Value) Number(key string, bits int) (uint64, error) {
	value, ok := d.Get(key)
	if !ok || value.Kind != Text {
		return 0, fmt.Errorf("%s has no number %s", d.Key, key)
	}
	number, err := strconv.ParseUint(value.Text, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%s of %s is no number: %.30q", key, d.Key, value.Text)
	}
	return number, nil
}

// String returns the value as a client sends it, without its key.
func (d Value) String() string {
	out := printer{literal: clientLiteral}
	out.value(d)
	return out.String()
}

// Line returns key and value as at the head of a line that a client sends.
func (d Value) Line() string { return d.line(clientLiteral) }

// Answer returns the same as a server sends it.
func (d Value) Answer() string { return d.line(serverLiteral) }

func (d Value) line(literal string) string {
	out := printer{literal: literal}
	out.text(d.Key, false)
	out.WriteByte(' ')
	out.value(d)
	return out.String()
}

// How each side announces a literal. A client says that it waits for nobody's leave;
// Cyrus's client does not understand a server that says so.
const (
	clientLiteral = "{%d+}\r\n%s"
	serverLiteral = "{%d}\r\n%s"
)

// printer writes values as one side of a conversation does.
type printer struct {
	strings.Builder
	literal string
}

func (p *printer) value(d Value) {
	switch d.Kind {
	case Nil:
		p.WriteString("NIL")
	case Text:
		p.text(d.Text, true)
	case File:
		p.WriteString("%{")
		p.text(d.Partition, false)
		fmt.Fprintf(p, " %s %d}\r\n%s", d.GUID, len(d.Text), d.Text)
	case List:
		p.items("(", d.Items, p.value)
	case Map:
		p.items("%(", d.Items, func(item Value) {
			p.text(item.Key, false)
			p.WriteByte(' ')
			p.value(item)
		})
	}
}

func (p *printer) items(open string, items []Value, print func(Value)) {
	p.WriteString(open)
	for i, item := range items {
		if i > 0 {
			p.WriteByte(' ')
		}
		print(item)
	}
	p.WriteByte(')')
}

// text writes the text in its shortest form.
func (p *printer) text(text string, flags bool) {
	atom := text
	if flags {
		atom = strings.TrimPrefix(text, `\`)
	}
	switch {
	case lex.IsAtom(atom) && !strings.EqualFold(text, "NIL"):
		p.WriteString(text)
	case len(text) < 1024 && lex.IsQuotable(text):
		p.WriteString(`"` + text + `"`)
	default:
		fmt.Fprintf(p, p.literal, len(text), text)
	}
}

// Parse reads one value without a key, and nothing after it.
func Parse(text []byte) (Value, error) {
	return parseWhole(text, func(p *parser) (Value, error) { return p.value(0) })
}

// ParseLine reads one key with its value, as at the head of a line.
func ParseLine(text []byte) (Value, error) {
	return parseWhole(text, func(p *parser) (Value, error) { return p.keyed(0) })
}

func parseWhole(text []byte, parse func(*parser) (Value, error)) (Value, error) {
	p := newParser(text)
	value, err := parse(p)
	return p.ended(value, err)
}

// stop ends an atom.
const stop = " ()\"\r\n"

// parser reads values. A mailbox is told in one line of millions of them, so what they have
// in common is kept once, and no list is set aside larger than it is.
type parser struct {
	lex.Scanner
	keys  map[string]string
	items []Value // of the lists that are open
}

func newParser(text []byte) *parser {
	return &parser{Scanner: lex.Scanner{Text: text}, keys: map[string]string{}}
}

// reset begins with another text.
func (p *parser) reset(text []byte) { p.Scanner, p.items = lex.Scanner{Text: text}, p.items[:0] }

// whole reads another text, which is one value and nothing after it.
func (p *parser) whole(text []byte) (Value, error) {
	p.reset(text)
	value, err := p.value(0)
	return p.ended(value, err)
}

// ended is the outcome of reading a text to its end.
func (p *parser) ended(value Value, err error) (Value, error) {
	if err == nil && p.Pos != len(p.Text) {
		err = p.Errorf("nothing expected after the value")
	}
	if err != nil {
		return Value{}, fmt.Errorf("dlist %w", err)
	}
	return value, nil
}

func (p *parser) keyed(depth int) (Value, error) {
	key, err := p.astring()
	if err != nil {
		return Value{}, err
	}
	if err := p.Expect(" "); err != nil {
		return Value{}, err
	}
	p.Spaces()
	value, err := p.value(depth)
	value.Key = p.key(key)
	return value, err
}

// key returns the key as a string, the same for all that are alike.
func (p *parser) key(text []byte) string {
	key, known := p.keys[string(text)]
	if !known {
		key = string(text)
		p.keys[key] = key
	}
	return key
}

func (p *parser) value(depth int) (Value, error) {
	if depth > lex.MaxDepth {
		return Value{}, p.Errorf("lists are nested deeper than %d", lex.MaxDepth)
	}
	switch {
	case p.Take("("):
		return p.list(List, depth+1, p.value)
	case p.Take("%("):
		return p.list(Map, depth+1, p.keyed)
	case p.Take("%{"):
		return p.file()
	}
	bare := p.Peek() != '"' && p.Peek() != '{'
	text, err := p.astring()
	if err == nil && bare && bytes.EqualFold(text, []byte("NIL")) {
		return Value{Kind: Nil}, nil
	}
	return Value{Kind: Text, Text: string(text)}, err
}

func (p *parser) list(kind Kind, depth int, parse func(int) (Value, error)) (Value, error) {
	begin := len(p.items)
	for p.Spaces(); !p.Take(")"); p.Spaces() {
		item, err := parse(depth)
		if err != nil {
			return Value{}, err
		}
		p.items = append(p.items, item)
	}
	list := Value{Kind: kind, Items: append([]Value(nil), p.items[begin:]...)}
	p.items = p.items[:begin]
	return list, nil
}

func (p *parser) file() (Value, error) {
	partition, err := p.astring()
	if err != nil {
		return Value{}, err
	}
	if err := p.Expect(" "); err != nil {
		return Value{}, err
	}
	guid := p.Until(" }\r\n")
	if len(guid) != 40 || bytes.ContainsFunc(guid, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }) {
		return Value{}, p.Errorf("GUID expected")
	}
	if err := p.Expect(" "); err != nil {
		return Value{}, err
	}
	digits := p.Until("}\r\n")
	if err := p.Expect("}"); err != nil {
		return Value{}, err
	}
	body, err := p.Sized(digits)
	return Value{Kind: File, Partition: string(partition), GUID: string(guid), Text: string(body)}, err
}

func (p *parser) astring() ([]byte, error) {
	switch p.Peek() {
	case '"':
		return p.Quoted()
	case '{':
		return p.Literal()
	}
	atom := p.Until(stop)
	if len(atom) == 0 {
		return nil, p.Errorf("value expected")
	}
	return atom, nil
}
