package plan

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

// checkStructure holds a plan's tree against the schema and says what is wrong
// in a plan writer's words, not in the schema's.
func checkStructure(root *node) Errors {
	err := theFormat().validator.Validate(root.value())
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		panic(fmt.Sprintf("plan: validating by the embedded schema: %v", err))
	}
	c := structureCheck{format: theFormat(), root: root}
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
// step with several keys, since a key too few spaces deep makes all of them
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
	format format
	root   *node
	errs   Errors
}

func (c *structureCheck) explain(e *jsonschema.ValidationError) {
	n, whole := c.root.at(e.InstanceLocation)
	schema := c.format.at(e.SchemaURL)
	what := name(e.InstanceLocation, schema)
	advice, _ := schema["patternErrorMessage"].(string)
	_, hint, _ := strings.Cut(advice, "; ")
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		if n.scalar == nil && n.kind == scalar && slices.Contains(k.Want, "object") {
			hint = fmt.Sprintf("write \"%s: {}\" to leave everything out", what)
		}
		c.errs.add(valuePos(n, whole), hint, "%s must be %s, not %s", what, typeNames(k.Want), n.describe())
	case *kind.AnyOf: // only steps have alternatives
		c.errs.add(valuePos(n, whole), "", "a step must be a mapping with one key, or a step's name, not %s", n.describe())
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			f, _ := n.field(key)
			c.errs.add(f.pos, suggest(key, schema.keys()), "unknown %s %q", keyNoun(e.InstanceLocation), key)
		}
	case *kind.MaxProperties:
		c.explainCrowdedStep(n)
	case *kind.MinProperties:
		if what == "any" {
			c.errs.add(valuePos(n, whole), "name a single one by \"name\"", "any must hold at least two faults")
			return
		}
		c.errs.add(n.pos, suggest("", c.format.stepSchema().keys()), "the step is empty")
	case *kind.Required:
		for _, key := range k.Missing {
			c.errs.add(whole, "", "%s: missing key %q", what, key)
		}
	case *kind.Const:
		c.errs.add(n.pos, fmt.Sprintf("it reads %q", k.Want), "%s is %s, which this cyrdrill does not read", what, n.describe())
	case *kind.Enum:
		c.explainEnum(n, whole, cmp.Or(schema.text("title"), what), k)
	case *kind.Not:
		c.errs.add(n.pos, "choose another name", "%s %q means something else to Cyrus", what, n.str())
	case *kind.Pattern:
		problem, _, _ := strings.Cut(advice, "; ")
		c.errs.add(n.pos, hint, "%s %q %s", what, k.Got, problem)
	case *kind.MaxLength:
		c.errs.add(n.pos, fmt.Sprintf("use at most %d", k.Want), "%s %q has %d characters", what, n.str(), k.Got)
	case *kind.MinItems:
		c.errs.add(valuePos(n, whole), "", "%s must not be empty", what)
	case *kind.MaxItems:
		c.errs.add(whole, fmt.Sprintf("write at most %d", k.Want), "%s has %d entries", what, k.Got)
	case *kind.UniqueItems:
		c.explainDoubles(n, schema)
	case *kind.Minimum:
		c.errs.add(n.pos, "", "%s must be at least %s, not %v", what, k.Want.RatString(), n.scalar)
	case *kind.Maximum:
		c.errs.add(n.pos, "", "%s must be at most %s, not %v", what, k.Want.RatString(), n.scalar)
	default:
		c.errs.add(valuePos(n, whole), "see the schema", "%s: %v", what, e)
	}
}

func (c *structureCheck) explainCrowdedStep(n *node) {
	kinds := c.format.stepSchema().keys()
	first, second := n.fields[0], n.fields[1]
	hint := "begin a step of its own with \"- \""
	if !slices.Contains(kinds, second.key) {
		hint = fmt.Sprintf("indent it further to make it a parameter of %q", first.key)
	}
	c.errs.add(second.pos, hint, "%q stands beside %q: a step has exactly one key", second.key, first.key)
}

func (c *structureCheck) explainEnum(n *node, whole Pos, what string, k *kind.Enum) {
	known := make([]string, len(k.Want))
	for i, want := range k.Want {
		known[i] = fmt.Sprint(want)
	}
	if what == "step" {
		known = c.format.stepSchema().keys()
		if slices.Contains(known, n.str()) {
			c.errs.add(n.pos, fmt.Sprintf("write them under \"%s:\"", n.str()), "step %q needs parameters", n.str())
			return
		}
	}
	c.errs.add(valuePos(n, whole), suggest(n.str(), known), "unknown %s %q", what, n.str())
}

func (c *structureCheck) explainDoubles(list *node, schema fragment) {
	what := c.format.resolve(schema.sub("items")).text("title")
	lines := map[any]int{}
	for _, item := range list.items {
		if item.kind != scalar {
			continue
		}
		if line, double := lines[item.scalar]; double {
			c.errs.add(item.pos, "leave one of them out", "%s %q stands twice; first on line %d", what, fmt.Sprint(item.scalar), line)
			continue
		}
		lines[item.scalar] = item.pos.Line
	}
}

// valuePos is the value's own place, or its key's where there is no value.
func valuePos(n *node, whole Pos) Pos {
	if n.kind == scalar && n.scalar == nil {
		return whole
	}
	return n.pos
}

// name says what stands at a location: what its schema is called where a value
// of that kind can be anywhere, else its key.
func name(location []string, schema fragment) string {
	if len(location) == 0 {
		return "the plan"
	}
	last := location[len(location)-1]
	if _, err := strconv.Atoi(last); err == nil {
		return schema.text("title")
	}
	return last
}

// keyNoun says what a key is at that location.
func keyNoun(location []string) string {
	switch {
	case len(location) == 2 && location[0] == "steps":
		return "step"
	case len(location) == 3 && location[0] == "steps":
		return fmt.Sprintf("parameter of %s:", location[2])
	default:
		return "key"
	}
}

func typeNames(types []string) string {
	words := map[string]string{"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = words[t]
	}
	return strings.Join(names, " or ")
}
