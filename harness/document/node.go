package document

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Node is a value in a file, with its place. A nil Node is one that is not there, and
// may be asked all the same.
type Node struct {
	Pos    Pos
	Kind   NodeKind
	Scalar any     // string, uint64, int64, float64, bool, nil
	Fields []Field // of a mapping, in the file's order
	Items  []*Node // of a sequence
}

// NodeKind is what sort of value a node is.
type NodeKind int

// The kinds of nodes.
const (
	Scalar NodeKind = iota
	Mapping
	Sequence
)

// Field is a key of a mapping, with its place, and its value.
type Field struct {
	Key   string
	Pos   Pos
	Value *Node
}

// Field returns the mapping's field of that key.
func (n *Node) Field(key string) (Field, bool) {
	if n != nil {
		for _, f := range n.Fields {
			if f.Key == key {
				return f, true
			}
		}
	}
	return Field{}, false
}

// Get returns the value under a key, or nil.
func (n *Node) Get(key string) *Node {
	f, _ := n.Field(key)
	return f.Value
}

// List returns a sequence's items; none for anything else.
func (n *Node) List() []*Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// Str returns a string's text; "" for anything else.
func (n *Node) Str() string {
	if n == nil {
		return ""
	}
	s, _ := n.Scalar.(string)
	return s
}

// Uint returns a whole number that is not negative; 0 for anything else. 2.0
// is the whole number 2, as in JSON Schema.
func (n *Node) Uint() uint64 {
	if n == nil {
		return 0
	}
	switch v := n.Scalar.(type) {
	case uint64:
		return v
	case float64:
		return uint64(max(0, v))
	}
	return 0
}

// Plain returns the node as the schema's validator takes it.
func (n *Node) Plain() any {
	switch n.Kind {
	case Mapping:
		m := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			m[f.Key] = f.Value.Plain()
		}
		return m
	case Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = item.Plain()
		}
		return list
	default:
		return n.Scalar
	}
}

// Default turns a default of a schema into a node that stands at pos.
func Default(pos Pos, value any) *Node {
	n := &Node{Pos: pos}
	switch value := value.(type) {
	case map[string]any: // always empty: what is in it has defaults of its own
		n.Kind = Mapping
	case []any:
		n.Kind = Sequence
		for _, item := range value {
			n.Items = append(n.Items, Default(pos, item))
		}
	case json.Number:
		number, err := strconv.ParseUint(value.String(), 10, 64)
		if err != nil {
			panic(fmt.Sprintf("document: a default of an embedded schema: %v", err))
		}
		n.Scalar = number
	default:
		n.Scalar = value
	}
	return n
}

// Describe says what kind of value it is, in a writer's words.
func (n *Node) Describe() string {
	switch n.Kind {
	case Mapping:
		return "a mapping"
	case Sequence:
		return "a list"
	}
	switch n.Scalar.(type) {
	case nil:
		return "empty"
	case bool:
		return fmt.Sprintf("the truth value %v", n.Scalar)
	case string:
		return fmt.Sprintf("the text %q", n.Scalar)
	default:
		return fmt.Sprintf("the number %v", n.Scalar)
	}
}

// At returns the node at a path of keys and indexes, and the place that stands
// for it as a whole: its key's, or its own where it has no key.
func (n *Node) At(path []string) (*Node, Pos) {
	here, pos := n, n.Pos
	for _, token := range path {
		if here.Kind == Sequence {
			i, _ := strconv.Atoi(token)
			here = here.Items[i]
			pos = here.Pos
			continue
		}
		f, _ := here.Field(token)
		here, pos = f.Value, f.Pos
	}
	return here, pos
}
