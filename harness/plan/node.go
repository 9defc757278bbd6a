package plan

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// node is a value in a plan's file, with its place.
type node struct {
	pos    Pos
	kind   nodeKind
	scalar any     // string, uint64, int64, float64, bool, nil
	fields []field // of a mapping, in the file's order
	items  []*node // of a sequence
}

type nodeKind int

const (
	scalar nodeKind = iota
	mapping
	sequence
)

// field is a key of a mapping, with its place, and its value.
type field struct {
	key   string
	pos   Pos
	value *node
}

// field returns the mapping's field of that key. A nil node has none.
func (n *node) field(key string) (field, bool) {
	if n != nil {
		for _, f := range n.fields {
			if f.key == key {
				return f, true
			}
		}
	}
	return field{}, false
}

// get returns the value under a key, or nil.
func (n *node) get(key string) *node {
	f, _ := n.field(key)
	return f.value
}

// list returns a sequence's items; none for anything else.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// str returns a string's text; "" for anything else.
func (n *node) str() string {
	if n == nil {
		return ""
	}
	s, _ := n.scalar.(string)
	return s
}

// uint returns a whole number that is not negative; 0 for anything else. 2.0
// is the whole number 2, as in JSON Schema.
func (n *node) uint() uint64 {
	if n == nil {
		return 0
	}
	switch v := n.scalar.(type) {
	case uint64:
		return v
	case float64:
		return uint64(max(0, v))
	}
	return 0
}

// value returns the node as the schema's validator takes it.
func (n *node) value() any {
	switch n.kind {
	case mapping:
		m := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			m[f.key] = f.value.value()
		}
		return m
	case sequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	default:
		return n.scalar
	}
}

// defaultNode turns a default of the schema into a node that stands at pos.
func defaultNode(pos Pos, value any) *node {
	n := &node{pos: pos}
	switch value := value.(type) {
	case map[string]any: // always empty: what is in it has defaults of its own
		n.kind = mapping
	case []any:
		n.kind = sequence
		for _, item := range value {
			n.items = append(n.items, defaultNode(pos, item))
		}
	case json.Number:
		number, err := strconv.ParseUint(value.String(), 10, 64)
		if err != nil {
			panic(fmt.Sprintf("plan: a default of the embedded schema: %v", err))
		}
		n.scalar = number
	default:
		n.scalar = value
	}
	return n
}

// describe says what kind of value it is, in a plan writer's words.
func (n *node) describe() string {
	switch n.kind {
	case mapping:
		return "a mapping"
	case sequence:
		return "a list"
	}
	switch n.scalar.(type) {
	case nil:
		return "empty"
	case bool:
		return fmt.Sprintf("the truth value %v", n.scalar)
	case string:
		return fmt.Sprintf("the text %q", n.scalar)
	default:
		return fmt.Sprintf("the number %v", n.scalar)
	}
}

// at returns the node at a path of keys and indexes, and the place that stands
// for it as a whole: its key's, or its own where it has no key.
func (n *node) at(path []string) (*node, Pos) {
	here, pos := n, n.pos
	for _, token := range path {
		if here.kind == sequence {
			i, _ := strconv.Atoi(token)
			here = here.items[i]
			pos = here.pos
			continue
		}
		f, _ := here.field(token)
		here, pos = f.value, f.pos
	}
	return here, pos
}
