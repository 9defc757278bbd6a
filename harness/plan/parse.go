package plan

import "bytes"

// Parse reads a plan. The file's name stands in messages only. Names that the
// catalogues do not have are errors, and so are steps that cannot be carried
// out where they stand. What is left out gets its default.
//
// The error is an [Errors] with everything that is wrong. Only where one
// mistake would hide or imitate others does a check wait for the ones before
// it: text that is no YAML is not held against the schema, and the order of
// steps is looked at last.
func Parse(file string, text []byte, names Names) (*Plan, error) {
	root, errs := readYAML(text)
	if root == nil {
		return nil, errs.of(file)
	}
	errs = append(errs, checkStructure(root)...)
	applyDefaults(theFormat(), root, theFormat().root)
	d := decoder{names: names}
	p := d.plan(root)
	errs = append(errs, d.errs...)
	if len(errs) == 0 {
		errs = checkOrder(p, names)
	}
	if err := errs.of(file); err != nil {
		return nil, err
	}
	p.File, p.text = file, bytes.Clone(text)
	return p, nil
}

// applyDefaults adds to the tree what the schema gives a default for and the
// file leaves out.
func applyDefaults(f format, n *node, schema fragment) {
	switch {
	case schema.text("title") == "step":
		applyStepDefaults(f, n)
	case n.kind == sequence:
		for _, item := range n.items {
			applyDefaults(f, item, f.resolve(schema.sub("items")))
		}
	case n.kind == mapping:
		for _, key := range schema.keys() {
			property := fragment(schema.sub("properties").sub(key))
			if value, ok := property["default"]; ok && n.get(key) == nil {
				n.fields = append(n.fields, field{key: key, pos: n.pos, value: defaultNode(n.pos, value)})
			}
			if child := n.get(key); child != nil {
				applyDefaults(f, child, f.resolve(property))
			}
		}
	}
}

// applyStepDefaults turns a step that is written as its name alone into one
// with parameters, and fills these in.
func applyStepDefaults(f format, n *node) {
	if kind := n.str(); kind != "" {
		parameters := &node{pos: n.pos, kind: mapping}
		*n = node{pos: n.pos, kind: mapping, fields: []field{{key: kind, pos: n.pos, value: parameters}}}
	}
	kinds := f.stepSchema().sub("properties")
	for _, step := range n.fields {
		if parameters := f.resolve(kinds.sub(step.key)); parameters != nil {
			applyDefaults(f, step.value, parameters)
		}
	}
}
