package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Check holds a document's tree against the schema and says what is wrong in its
// writer's words, not in the schema's.
func (f Format) Check(root *Node) Errors {
	err := f.validator.Validate(root.Plain())
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		panic(fmt.Sprintf("document: validating by an embedded schema: %v", err))
	}
	c := structureCheck{format: f, root: root}
	for _, leaf := range mostTelling(leaves(invalid)) {
		c.explain(leaf)
	}
	return c.errs
}

// leaves returns the failures that say something themselves. Of alternatives
// it follows the one of the value's own type; the others only say that the
// value is not of theirs.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if _, ok := e.ErrorKind.(*kind.AnyOf); ok {
		for _, branch := range e.Causes {
			found := leaves(branch)
			if !slices.ContainsFunc(found, func(leaf *jsonschema.ValidationError) bool { return wrongType(leaf, e.InstanceLocation) }) {
				return found
			}
		}
		return []*jsonschema.ValidationError{e}
	}
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var found []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		found = append(found, leaves(cause)...)
	}
	return found
}

func wrongType(leaf *jsonschema.ValidationError, at []string) bool {
	_, ok := leaf.ErrorKind.(*kind.Type)
	return ok && slices.Equal(leaf.InstanceLocation, at)
}

// mostTelling drops what only follows from another failure: whatever lies in a
// mapping with too many keys, since a key too few spaces deep makes all of them
// look wrong, and a length beside a pattern.
func mostTelling(all []*jsonschema.ValidationError) []*jsonschema.ValidationError {
	var crowded, patterns []string
	for _, leaf := range all {
		switch leaf.ErrorKind.(type) {
		case *kind.MaxProperties:
			crowded = append(crowded, path(leaf))
		case *kind.Pattern:
			patterns = append(patterns, path(leaf))
		}
	}
	return slices.DeleteFunc(all, func(leaf *jsonschema.ValidationError) bool {
		switch leaf.ErrorKind.(type) {
		case *kind.MaxProperties:
			return false
		case *kind.MaxLength:
			if slices.Contains(patterns, path(leaf)) {
				return true
			}
		}
		return slices.ContainsFunc(crowded, func(step string) bool { return strings.HasPrefix(path(leaf), step) })
	})
}

// path joins a location's parts, with an end mark so that steps/1 is no prefix
// of steps/10.
func path(e *jsonschema.ValidationError) string { return strings.Join(e.InstanceLocation, "/") + "/" }

// structureCheck puts failures of the schema into words.
type structureCheck struct {
	format Format
	root   *Node
	errs   Errors
}

func (c *structureCheck) explain(e *jsonschema.ValidationError) {
	n, whole := c.root.At(e.InstanceLocation)
	schema := c.format.At(e.SchemaURL)
	what := c.name(e.InstanceLocation, schema)
	failure := Failure{Format: c.format, Kind: e.ErrorKind, Location: e.InstanceLocation, Node: n, Whole: whole, Schema: schema, What: what}
	if c.format.Special != nil && c.format.Special(failure, &c.errs) {
		return
	}
	advice, _ := schema["patternErrorMessage"].(string)
	_, hint, _ := strings.Cut(advice, "; ")
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		if n.Scalar == nil && n.Kind == Scalar && slices.Contains(k.Want, "object") {
			hint = fmt.Sprintf("write \"%s: {}\" to leave everything out", what)
		}
		c.errs.Add(n.Place(whole), hint, "%s must be %s, not %s", what, typeNames(k.Want), n.Describe())
	case *kind.AnyOf:
		c.errs.Add(n.Place(whole), "", "%s must be %s, not %s", what, typeNames(c.format.alternatives(schema)), n.Describe())
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			f, _ := n.Field(key)
			c.errs.Add(f.Pos, Suggest(key, schema.Keys()), "unknown %s %q", c.keyNoun(e.InstanceLocation), key)
		}
	case *kind.MaxProperties:
		c.errs.Add(n.Fields[k.Want].Pos, "leave one of them out", "%q stands beside %q: %s", n.Fields[k.Want].Key, n.Fields[0].Key, atMost(what, k.Want))
	case *kind.MinProperties:
		c.errs.Add(n.Place(whole), Suggest("", schema.Keys()), "%s is empty", what)
	case *kind.Required:
		for _, key := range k.Missing {
			c.errs.Add(whole, "", "%s: missing key %q", what, key)
		}
	case *kind.Const:
		c.errs.Add(n.Pos, fmt.Sprintf("it reads %q", k.Want), "%s is %s, which this cyrdrill does not read", what, n.Describe())
	case *kind.Enum:
		known := make([]string, len(k.Want))
		for i, want := range k.Want {
			known[i] = fmt.Sprint(want)
		}
		c.errs.Add(n.Place(whole), Suggest(n.Str(), known), "unknown %s %q", cmp.Or(schema.Text("title"), what), n.Str())
	case *kind.Not:
		c.errs.Add(n.Pos, "choose another name", "%s %q means something else to Cyrus", what, n.Str())
	case *kind.Pattern:
		problem, _, _ := strings.Cut(advice, "; ")
		c.errs.Add(n.Pos, hint, "%s %q %s", what, k.Got, problem)
	case *kind.MaxLength:
		c.errs.Add(n.Pos, fmt.Sprintf("use at most %d", k.Want), "%s %q has %d characters", what, n.Str(), k.Got)
	case *kind.MinItems:
		c.errs.Add(n.Place(whole), "", "%s must not be empty", what)
	case *kind.MaxItems:
		c.errs.Add(whole, fmt.Sprintf("write at most %d", k.Want), "%s has %d entries", what, k.Got)
	case *kind.UniqueItems:
		c.explainDoubles(n, schema)
	case *kind.Minimum:
		c.errs.Add(n.Pos, "", "%s must be at least %s, not %v", what, k.Want.RatString(), n.Scalar)
	case *kind.Maximum:
		c.errs.Add(n.Pos, "", "%s must be at most %s, not %v", what, k.Want.RatString(), n.Scalar)
	default:
		c.errs.Add(n.Place(whole), "see the schema", "%s: %v", what, e)
	}
}

func atMost(what string, keys int) string {
	if keys == 1 {
		return what + " has exactly one key"
	}
	return fmt.Sprintf("%s has at most %d keys", what, keys)
}

func (c *structureCheck) explainDoubles(list *Node, schema Fragment) {
	what := c.format.Resolve(schema.Sub("items")).Text("title")
	lines := map[any]int{}
	for _, item := range list.Items {
		if item.Kind != Scalar {
			continue
		}
		if line, double := lines[item.Scalar]; double {
			c.errs.Add(item.Pos, "leave one of them out", "%s %q stands twice; first on line %d", what, fmt.Sprint(item.Scalar), line)
			continue
		}
		lines[item.Scalar] = item.Pos.Line
	}
}

// Place is the value's own place, or its key's where there is no value.
func (n *Node) Place(whole Pos) Pos {
	if n.Kind == Scalar && n.Scalar == nil {
		return whole
	}
	return n.Pos
}

// name says what stands at a location: what its schema is called where a value
// of that kind can be anywhere, else its key.
func (c *structureCheck) name(location []string, schema Fragment) string {
	if len(location) == 0 {
		return "the " + c.format.Noun
	}
	last := location[len(location)-1]
	if _, err := strconv.Atoi(last); err == nil {
		return schema.Text("title")
	}
	return last
}

func (c *structureCheck) keyNoun(location []string) string {
	if c.format.KeyNoun != nil {
		if noun := c.format.KeyNoun(location); noun != "" {
			return noun
		}
	}
	return "key"
}

func typeNames(types []string) string {
	words := map[string]string{"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = words[t]
	}
	return strings.Join(names, " or ")
}
