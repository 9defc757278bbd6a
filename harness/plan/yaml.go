package plan

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
// works recursively. No plan that a person can read comes near them.
const (
	maxBytes      = 256 << 10
	maxIndent     = 64 // columns before the first character of a line
	maxNested     = 16 // brackets open at once
	maxIndicators = 8  // "-", "?" and ":" of block style in one line
)

// decimal is what a plan may write for a number: YAML libraries do not agree on
// 010, 1_000 and their like.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// readYAML turns the text of a plan into a tree that knows where everything
// stands. The tree is nil when the text is no YAML, or of a kind that has no
// place in a plan. Of keys that stand twice, it has the first.
func readYAML(text []byte) (*node, Errors) {
	var r reader
	if len(text) > maxBytes {
		r.errs.add(Pos{1, 1}, "leave out what is no plan", "the file has %d bytes, a plan at most %d", len(text), maxBytes)
		return nil, r.errs
	}
	if pos, ok := firstInvalid(text); ok {
		r.errs.add(pos, "save the file as UTF-8", "the text is not UTF-8")
		return nil, r.errs
	}
	const byteOrderMark = "\ufeff"
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(text, []byte(byteOrderMark))))
	if deep := tooDeep(tokens); deep != nil {
		r.errs.add(position(deep), "a plan needs less", "too deeply nested or indented")
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
	errs   Errors
	broken bool // something had to be left out of the tree
}

func (r *reader) addSyntax(err error) {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		r.errs.add(position(at.GetToken()), "", "not valid YAML: %s", at.GetMessage())
		return
	}
	r.errs.add(Pos{1, 1}, "", "not valid YAML: %v", err)
}

// document returns the file's one document.
func (r *reader) document(file *ast.File) *node {
	var root *node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.CommentGroupType {
			continue
		}
		if root != nil {
			r.errs.add(place(doc.Body), "put it into a file of its own", "a second document: a file holds one plan")
			return root
		}
		if root = r.node(doc.Body); root == nil {
			return nil
		}
	}
	if root == nil {
		r.errs.add(Pos{1, 1}, fmt.Sprintf("a plan begins with \"apiVersion: %s\"", APIVersion), "the file is empty")
	}
	return root
}

// node returns our form of one of the library's nodes, or nil after it has
// recorded an error.
func (r *reader) node(in ast.Node) *node {
	out := &node{pos: place(in)}
	switch in := in.(type) {
	case *ast.MappingNode:
		return r.mapping(out, in.Values)
	case *ast.MappingValueNode:
		return r.mapping(out, []*ast.MappingValueNode{in})
	case *ast.SequenceNode:
		out.kind = sequence
		for _, value := range in.Values {
			if item := r.node(value); item != nil {
				out.items = append(out.items, item)
			}
		}
	case *ast.StringNode:
		out.scalar = in.Value
	case *ast.LiteralNode:
		out.scalar = in.Value.Value
	case *ast.IntegerNode:
		out.scalar = integer(in)
	case *ast.FloatNode:
		out.scalar = in.Value
		if math.IsInf(in.Value, 0) || math.IsNaN(in.Value) {
			out.scalar = in.GetToken().Value
		}
	case *ast.BoolNode:
		out.scalar = in.Value
	case *ast.NullNode:
		out.scalar = nil
	case *ast.InfinityNode, *ast.NanNode:
		out.scalar = in.GetToken().Value
	default:
		// Anchors and aliases would let a small file grow without bounds, and
		// a plan has nothing to repeat.
		r.broken = true
		r.errs.add(out.pos, "write the value itself", "anchors, aliases, tags and directives have no place in a plan")
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

func (r *reader) mapping(out *node, values []*ast.MappingValueNode) *node {
	out.kind = mapping
	for _, value := range values {
		key, ok := value.Key.(*ast.StringNode)
		if !ok {
			r.broken = true
			r.errs.add(place(value.Key), "", "a key must be a plain word, not %q", value.Key.String())
			continue
		}
		pos := position(key.GetToken())
		if first, ok := out.field(key.Value); ok {
			r.errs.add(pos, "leave one of them out", "key %q stands twice; first on line %d", key.Value, first.pos.Line)
			continue
		}
		if child := r.node(value.Value); child != nil {
			out.fields = append(out.fields, field{key: key.Value, pos: pos, value: child})
		}
	}
	return out
}
