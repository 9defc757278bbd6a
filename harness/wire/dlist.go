package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// DlistKind says what a [Dlist] is.
type DlistKind int

// The kinds. Cyrus tells apart more when it prints, but not on the wire.
const (
	DlistNil  DlistKind = iota
	DlistText           // an atom, a quoted string, a literal or a flag
	DlistList           // ( … ): values without keys
	DlistMap            // %( … ): values each under a key, in order
	DlistFile           // %{partition guid size}: a message file
)

// Dlist is one value of Cyrus's sync protocol.
type Dlist struct {
	Kind  DlistKind
	Key   string  // what it is called, in a map or at the head of a line
	Text  string  // of a text; the bytes of a file
	Items []Dlist // of a list or map

	Partition string // of a file
	GUID      string // of a file
}

// Get returns the value under the key.
func (d Dlist) Get(key string) (Dlist, bool) {
	for _, item := range d.Items {
		if item.Key == key {
			return item, true
		}
	}
	return Dlist{}, false
}

// Texts returns the items of a list of texts.
func (d Dlist) Texts() []string {
	texts := make([]string, len(d.Items))
	for i, item := range d.Items {
		texts[i] = item.Text
	}
	return texts
}

// text returns the text under the key; empty where there is none.
func (d Dlist) text(key string) string {
	value, _ := d.Get(key)
	return value.Text
}

// number returns the number under the key, which must be there and fit.
func (d Dlist) number(key string, bits int) (uint64, error) {
	value, ok := d.Get(key)
	if !ok || value.Kind != DlistText {
		return 0, fmt.Errorf("%s has no number %s", d.Key, key)
	}
	number, err := strconv.ParseUint(value.Text, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%s of %s is no number: %.30q", key, d.Key, value.Text)
	}
	return number, nil
}

// String returns the value as a client sends it, without its key.
func (d Dlist) String() string {
	var out strings.Builder
	d.print(&out)
	return out.String()
}

// Line returns key and value, as at the head of a line.
func (d Dlist) Line() string {
	var out strings.Builder
	printText(&out, d.Key, false)
	out.WriteByte(' ')
	d.print(&out)
	return out.String()
}

func (d Dlist) print(out *strings.Builder) {
	switch d.Kind {
	case DlistNil:
		out.WriteString("NIL")
	case DlistText:
		printText(out, d.Text, true)
	case DlistFile:
		out.WriteString("%{")
		printText(out, d.Partition, false)
		fmt.Fprintf(out, " %s %d}\r\n%s", d.GUID, len(d.Text), d.Text)
	case DlistList:
		d.printItems(out, "(", Dlist.print)
	case DlistMap:
		d.printItems(out, "%(", func(item Dlist, out *strings.Builder) {
			printText(out, item.Key, false)
			out.WriteByte(' ')
			item.print(out)
		})
	}
}

func (d Dlist) printItems(out *strings.Builder, open string, print func(Dlist, *strings.Builder)) {
	out.WriteString(open)
	for i, item := range d.Items {
		if i > 0 {
			out.WriteByte(' ')
		}
		print(item, out)
	}
	out.WriteByte(')')
}

// printText writes the text in its shortest form. A literal is {5+}: this is
// the client's side, which waits for nobody's leave.
func printText(out *strings.Builder, text string, flags bool) {
	atom := text
	if flags {
		atom = strings.TrimPrefix(text, `\`)
	}
	switch {
	case isAtom(atom) && !strings.EqualFold(text, "NIL"):
		out.WriteString(text)
	case len(text) < 1024 && isQuotable(text):
		out.WriteString(`"` + text + `"`)
	default:
		fmt.Fprintf(out, "{%d+}\r\n%s", len(text), text)
	}
}

func isAtom(text string) bool {
	return text != "" && len(text) < 1024 && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= 0x1f || r >= 0x7f || strings.ContainsRune(` {}()"%*\`, r)
	})
}

func isQuotable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r == 0 || r >= 0x80 || strings.ContainsRune("\r\n\"%\\", r)
	})
}

// ParseDlist reads one value without a key, and nothing after it.
func ParseDlist(text []byte) (Dlist, error) {
	return parseWhole(text, func(p *dlistParser) (Dlist, error) { return p.value(0) })
}

// ParseDlistLine reads one key with its value, as at the head of a line.
func ParseDlistLine(text []byte) (Dlist, error) {
	return parseWhole(text, func(p *dlistParser) (Dlist, error) { return p.keyed(0) })
}

func parseWhole(text []byte, parse func(*dlistParser) (Dlist, error)) (Dlist, error) {
	p := &dlistParser{scanner{text: text}}
	value, err := parse(p)
	if err == nil && p.pos != len(text) {
		err = p.errorf("nothing expected after the value")
	}
	if err != nil {
		return Dlist{}, fmt.Errorf("dlist %w", err)
	}
	return value, nil
}

// dlistStop ends an atom.
const dlistStop = " ()\"\r\n"

type dlistParser struct{ scanner }

func (p *dlistParser) keyed(depth int) (Dlist, error) {
	key, err := p.astring()
	if err != nil {
		return Dlist{}, err
	}
	if err := p.expect(" "); err != nil {
		return Dlist{}, err
	}
	p.spaces()
	value, err := p.value(depth)
	value.Key = string(key)
	return value, err
}

func (p *dlistParser) value(depth int) (Dlist, error) {
	if depth > maxDepth {
		return Dlist{}, p.errorf("lists are nested deeper than %d", maxDepth)
	}
	switch {
	case p.take("("):
		return p.items(Dlist{Kind: DlistList}, depth+1, p.value)
	case p.take("%("):
		return p.items(Dlist{Kind: DlistMap}, depth+1, p.keyed)
	case p.take("%{"):
		return p.file()
	}
	bare := p.peek() != '"' && p.peek() != '{'
	text, err := p.astring()
	if err == nil && bare && bytes.EqualFold(text, []byte("NIL")) {
		return Dlist{Kind: DlistNil}, nil
	}
	return Dlist{Kind: DlistText, Text: string(text)}, err
}

func (p *dlistParser) items(list Dlist, depth int, parse func(int) (Dlist, error)) (Dlist, error) {
	for p.spaces(); !p.take(")"); p.spaces() {
		item, err := parse(depth)
		if err != nil {
			return Dlist{}, err
		}
		list.Items = append(list.Items, item)
	}
	return list, nil
}

func (p *dlistParser) file() (Dlist, error) {
	partition, err := p.astring()
	if err != nil {
		return Dlist{}, err
	}
	if err := p.expect(" "); err != nil {
		return Dlist{}, err
	}
	guid := p.until(" }\r\n")
	if len(guid) != 40 || bytes.ContainsFunc(guid, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }) {
		return Dlist{}, p.errorf("GUID expected")
	}
	if err := p.expect(" "); err != nil {
		return Dlist{}, err
	}
	digits := p.until("}\r\n")
	if err := p.expect("}"); err != nil {
		return Dlist{}, err
	}
	body, err := p.sized(digits)
	return Dlist{Kind: DlistFile, Partition: string(partition), GUID: string(guid), Text: string(body)}, err
}

func (p *dlistParser) astring() ([]byte, error) {
	switch p.peek() {
	case '"':
		return p.quoted()
	case '{':
		return p.literal()
	}
	atom := p.until(dlistStop)
	if len(atom) == 0 {
		return nil, p.errorf("value expected")
	}
	return atom, nil
}
