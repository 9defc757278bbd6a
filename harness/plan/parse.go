package plan

import (
	"bytes"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

// Parse reads a plan. The file's name stands in messages only. Names that the
// catalogues do not have are errors, and so are steps that cannot be carried
// out where they stand. What is left out gets its default.
//
// The error is an [Errors] with everything that is wrong. Only where one
// mistake would hide or imitate others does a check wait for the ones before
// it: text that is no YAML is not held against the schema, and the order of
// steps is looked at last.
func Parse(file string, text []byte, names Names) (*Plan, error) {
	root, errs := theFormat().Read(text)
	if root == nil {
		return nil, errs.Of(file)
	}
	errs = append(errs, theFormat().Check(root)...)
	applyDefaults(theFormat(), root, theFormat().Root)
	d := decoder{names: names}
	p := d.plan(root)
	errs = append(errs, d.errs...)
	if len(errs) == 0 {
		errs = checkOrder(p, names)
	}
	if err := errs.Of(file); err != nil {
		return nil, err
	}
	p.File, p.text = file, bytes.Clone(text)
	return p, nil
}

// applyDefaults adds to the tree what the schema gives a default for and the
// file leaves out.
func applyDefaults(f document.Format, n *document.Node, schema document.Fragment) {
	switch {
	case schema.Text("title") == "step":
		applyStepDefaults(f, n)
	case n.Kind == document.Sequence:
		for _, item := range n.Items {
			applyDefaults(f, item, f.Resolve(schema.Sub("items")))
		}
	case n.Kind == document.Mapping:
		for _, key := range schema.Keys() {
			property := document.Fragment(schema.Sub("properties").Sub(key))
			if value, ok := property["default"]; ok && n.Get(key) == nil {
				n.Fields = append(n.Fields, document.Field{Key: key, Pos: n.Pos, Value: document.Default(n.Pos, value)})
			}
			if child := n.Get(key); child != nil {
				applyDefaults(f, child, f.Resolve(property))
			}
		}
	}
}

// applyStepDefaults turns a step that is written as its name alone into one
// with parameters, and fills these in.
func applyStepDefaults(f document.Format, n *document.Node) {
	if kind := n.Str(); kind != "" {
		parameters := &document.Node{Pos: n.Pos, Kind: document.Mapping}
		*n = document.Node{Pos: n.Pos, Kind: document.Mapping, Fields: []document.Field{{Key: kind, Pos: n.Pos, Value: parameters}}}
	}
	kinds := stepSchema(f).Sub("properties")
	for _, step := range n.Fields {
		if parameters := f.Resolve(kinds.Sub(step.Key)); parameters != nil {
			applyDefaults(f, step.Value, parameters)
		}
	}
}
