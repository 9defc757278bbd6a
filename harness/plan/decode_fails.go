package plan

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

// fails decodes on which Cyrus a plan fails. What it says is broken there must be what
// the plan expects: otherwise nobody would look.
func (d *decoder) fails(f document.Field, p *Plan) *Fails {
	n := f.Value
	fails := &Fails{
		Properties: d.refs(n.Get("properties"), "property", d.names.Properties),
		Marks:      d.refs(n.Get("marks"), "mark", d.names.Marks),
		Saying:     n.Get("saying").Str(), Because: n.Get("because").Str(), Fix: n.Get("fix").Str(),
	}
	fails.Cyrus, _ = ParseVersions(n.Get("cyrus").Str()) // the schema has complained of what cannot be read
	if step := n.Get("step"); step.Str() != "" {
		fails.Step = Kind(step.Str())
		if !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Kind == fails.Step }) {
			d.errs.Add(step.Pos, "", "the plan has no step %q that could fail", step.Str())
		}
	}
	step, hasStep := n.Field("step")
	saying, hasSaying := n.Field("saying")
	switch {
	case hasStep && !hasSaying:
		d.errs.Add(step.Pos, "quote words of its error under \"saying\"", "fails does not say by which error the step %q fails", step.Value.Str())
	case hasSaying && !hasStep:
		d.errs.Add(saying.Pos, "name the step under \"step\"", "fails does not say which step fails with these words")
	}
	d.expected(fails.Properties, p.Expect.Properties, "property", d.names.Properties)
	d.expected(fails.Marks, p.Expect.Marks, "mark", d.names.Marks)
	if n.Kind == document.Mapping && n.Get("properties") == nil && n.Get("marks") == nil && n.Get("step") == nil {
		d.errs.Add(f.Pos, "name the properties that are broken, the marks that are missed, or the step that cannot be carried out",
			"fails does not say how the plan fails")
	}
	return fails
}

// expected complains of known names that the plan does not expect.
func (d *decoder) expected(names, expected []Ref, what string, known []string) {
	for _, ref := range names {
		if slices.Contains(known, ref.Name) && !slices.ContainsFunc(expected, func(e Ref) bool { return e.Name == ref.Name }) {
			d.errs.Add(ref.Pos, "add it under expect, or leave it out of fails", "the plan does not expect the %s %q, so it cannot fail by it", what, ref.Name)
		}
	}
}
