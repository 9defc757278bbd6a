package document

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits that keep a hostile or broken file from exhausting the parser, which
// works recursively. No document that a person can read comes near them.
const (
	// MaxBytes is how long a file may be.
	MaxBytes      = 256 << 10
	maxIndent     = 64 // columns before the first character of a line
	maxNested     = 16 // brackets open at once
	maxIndicators = 8  // "-", "?" and ":" of block style in one line
)

// decimal is what may be written for a number: YAML libraries do not agree on
// 010, 1_000 and their like.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// Read turns the text of a document into a tree that knows where everything
// stands. The tree is nil when the text is no YAML, or of a kind that has no
// place in a document. Of keys that stand twice, it has the first.
func (f Format) Read(text []byte) (*Node, Errors) {
	r := reader{format: f}
	if len(text) > MaxBytes {
		r.errs.Add(Pos{1, 1}, "leave out what is no "+f.Noun, "the file has %d bytes, a %s at most %d", len(text), f.Noun, MaxBytes)
		return nil, r.errs
	}
	if pos, ok := firstInvalid(text); ok {
		r.errs.Add(pos, "save the file as UTF-8", "the text is not UTF-8")
		return nil, r.errs
	}
	const byteOrderMark = "\ufeff"
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(text, []byte(byteOrderMark))))
	if deep := tooDeep(tokens); deep != nil {
		r.errs.Add(position(deep), "a "+f.Noun+" needs less", "too deeply nested or indented")
		return nil, r.errs
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.addSyntax(err)
		return nil, r.errs
	}
	root := r.document(file)
	if r.broken {
		return nil, r.errs
	}
	return root, r.errs
}

// firstInvalid returns the place of the first byte that is not UTF-8.
func firstInvalid(text []byte) (Pos, bool) {
	pos := Pos{1, 1}
	for len(text) > 0 {
		char, size := utf8.DecodeRune(text)
		switch {
		case char == utf8.RuneError && size == 1:
			return pos, true
		case char == '\n':
			pos = Pos{pos.Line + 1, 1}
		default:
			pos.Column++
		}
		text = text[size:]
	}
	return Pos{}, false
}

// tooDeep returns the first token that lies deeper than the limits, or nil.
func tooDeep(tokens token.Tokens) *token.Token {
	line, open, indicators := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, indicators = t.Position.Line, 0
			if t.Position.Column > maxIndent && open == 0 {
				return t
			}
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open++
		case token.MappingEndType, token.SequenceEndType:
			open = max(0, open-1)
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if open == 0 {
				indicators++
			}
		}
		if open > maxNested || indicators > maxIndicators {
			return t
		}
	}
	return nil
}

func position(t *token.Token) Pos { return Pos{max(1, t.Position.Line), max(1, t.Position.Column)} }

// place returns where a value begins. For a mapping, the library gives the
// first colon.
func place(in ast.Node) Pos {
	switch in := in.(type) {
	case *ast.MappingNode:
		if !in.IsFlowStyle && len(in.Values) > 0 {
			return place(in.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(in.Key)
	}
	return position(in.GetToken())
}

// reader collects what is wrong while it turns the library's tree into ours.
type reader struct {
	format Format
	errs   Errors
	broken bool // something had to be left out of the tree
}

func (r *reader) addSyntax(err error) {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		r.errs.Add(position(at.GetToken()), "", "not valid YAML: %s", at.GetMessage())
		return
	}
	r.errs.Add(Pos{1, 1}, "", "not valid YAML: %v", err)
}

// document returns the file's one document.
func (r *reader) document(file *ast.File) *Node {
	var root *Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.CommentGroupType {
			continue
		}
		if root != nil {
			r.errs.Add(place(doc.Body), "put it into a file of its own", "a second document: a file holds one %s", r.format.Noun)
			return root
		}
		if root = r.node(doc.Body); root == nil {
			return nil
		}
	}
	if root == nil {
		r.errs.Add(Pos{1, 1}, fmt.Sprintf("a %s begins with \"apiVersion: %s\"", r.format.Noun, r.format.APIVersion), "the file is empty")
	}
	return root
}

// node returns our form of one of the library's nodes, or nil after it has
// recorded an error.
func (r *reader) node(in ast.Node) *Node {
	out := &Node{Pos: place(in)}
	switch in := in.(type) {
	case *ast.MappingNode:
		return r.mapping(out, in.Values)
	case *ast.MappingValueNode:
		return r.mapping(out, []*ast.MappingValueNode{in})
	case *ast.SequenceNode:
		out.Kind = Sequence
		for _, value := range in.Values {
			if item := r.node(value); item != nil {
				out.Items = append(out.Items, item)
			}
		}
	case *ast.StringNode:
		out.Scalar = in.Value
	case *ast.LiteralNode:
		out.Scalar = in.Value.Value
	case *ast.IntegerNode:
		out.Scalar = integer(in)
	case *ast.FloatNode:
		out.Scalar = in.Value
		if math.IsInf(in.Value, 0) || math.IsNaN(in.Value) {
			out.Scalar = in.GetToken().Value
		}
	case *ast.BoolNode:
		out.Scalar = in.Value
	case *ast.NullNode:
		out.Scalar = nil
	case *ast.InfinityNode, *ast.NanNode:
		out.Scalar = in.GetToken().Value
	default:
		// Anchors and aliases would let a small file grow without bounds, and
		// a document has nothing to repeat.
		r.broken = true
		r.errs.Add(out.Pos, "write the value itself", "anchors, aliases, tags and directives have no place in a %s", r.format.Noun)
		return nil
	}
	return out
}

// integer returns the number, or its text where that is not a plain decimal.
func integer(in *ast.IntegerNode) any {
	if text := in.GetToken().Value; !decimal.MatchString(text) {
		return text
	}
	return in.Value
}

func (r *reader) mapping(out *Node, values []*ast.MappingValueNode) *Node {
	out.Kind = Mapping
	for _, value := range values {
		key, ok := value.Key.(*ast.StringNode)
		if !ok {
			r.broken = true
			r.errs.Add(place(value.Key), "", "a key must be a plain word, not %q", value.Key.String())
			continue
		}
		pos := position(key.GetToken())
		if first, ok := out.Field(key.Value); ok {
			r.errs.Add(pos, "leave one of them out", "key %q stands twice; first on line %d", key.Value, first.Pos.Line)
			continue
		}
		if child := r.node(value.Value); child != nil {
			out.Fields = append(out.Fields, Field{Key: key.Value, Pos: pos, Value: child})
		}
	}
	return out
}
