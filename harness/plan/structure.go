package plan

import (
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

// stepFailure puts into words what only steps can be wrong in: that each is a mapping of
// one key, or a name.
func stepFailure(f document.Failure, errs *Errors) bool {
	switch f.Kind.(type) {
	case *kind.AnyOf: // only steps have alternatives
		errs.Add(f.Node.Place(f.Whole), "", "a step must be a mapping with one key, or a step's name, not %s", f.Node.Describe())
	case *kind.MaxProperties:
		explainCrowdedStep(f, errs)
	case *kind.MinProperties:
		if f.What == "any" {
			errs.Add(f.Node.Place(f.Whole), "name a single one by \"name\"", "any must hold at least two faults")
			return true
		}
		errs.Add(f.Node.Pos, document.Suggest("", stepSchema(f.Format).Keys()), "the step is empty")
	case *kind.Enum:
		if f.Schema.Text("title") != "step" && f.What != "step" {
			return false
		}
		explainStepName(f, errs)
	default:
		return false
	}
	return true
}

func explainCrowdedStep(f document.Failure, errs *Errors) {
	kinds := stepSchema(f.Format).Keys()
	first, second := f.Node.Fields[0], f.Node.Fields[1]
	hint := "begin a step of its own with \"- \""
	if !slices.Contains(kinds, second.Key) {
		hint = fmt.Sprintf("indent it further to make it a parameter of %q", first.Key)
	}
	errs.Add(second.Pos, hint, "%q stands beside %q: a step has exactly one key", second.Key, first.Key)
}

func explainStepName(f document.Failure, errs *Errors) {
	known := stepSchema(f.Format).Keys()
	if slices.Contains(known, f.Node.Str()) {
		errs.Add(f.Node.Pos, fmt.Sprintf("write them under \"%s:\"", f.Node.Str()), "step %q needs parameters", f.Node.Str())
		return
	}
	errs.Add(f.Node.Place(f.Whole), document.Suggest(f.Node.Str(), known), "unknown step %q", f.Node.Str())
}

// keyNoun says what a key is at that location.
func keyNoun(location []string) string {
	switch {
	case len(location) == 2 && location[0] == "steps":
		return "step"
	case len(location) == 3 && location[0] == "steps":
		return fmt.Sprintf("parameter of %s:", location[2])
	}
	return ""
}
