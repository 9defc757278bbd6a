package field

import (
	"bytes"
	_ "embed"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

//go:embed schema.json
var schemaText []byte

const (
	schemaID = "urn:cyrdrill:field:v1"
	// APIVersion is the version of the format.
	APIVersion = "cyrdrill/v1"
)

// Schema returns the JSON Schema (draft 2020-12) of configurations, for editors.
func Schema() []byte { return bytes.Clone(schemaText) }

var theFormat = sync.OnceValue(func() document.Format {
	return document.Compile(schemaID, schemaText, document.Format{Noun: "configuration", APIVersion: APIVersion, Special: special})
})

// special keeps a password that stands in the file out of what is said about it, and
// explains what the schema alone would not.
func special(f document.Failure, errs *document.Errors) bool {
	switch f.Kind.(type) {
	case *kind.Type:
		if f.What != "password" {
			return false
		}
		if f.Node.Kind == document.Scalar && f.Node.Scalar == nil {
			errs.Add(f.Whole, "write {env: NAME} or {file: PATH}", "password does not say where it is")
			return true
		}
		errs.Add(f.Node.Place(f.Whole), "write {env: NAME} or {file: PATH}, and put it there", "a password has no place in this file")
	case *kind.AdditionalProperties, *kind.MinProperties:
		if f.What != "password" && !slices.Contains(f.Location, "password") {
			return false
		}
		errs.Add(f.Node.Place(f.Whole), "write {env: NAME} or {file: PATH}", "password does not say where it is")
	case *kind.MinLength:
		errs.Add(f.Node.Place(f.Whole), "", "%s must not be empty", f.What)
	case *kind.Const:
		switch f.What {
		case "local":
			errs.Add(f.Node.Place(f.Whole), "leave host out where nobody may look at the machine", "local can only be true")
		case "operate":
			errs.Add(f.Node.Place(f.Whole), "leave it out where nothing may be changed by the command", "operate can only be true")
		default:
			return false
		}
	default:
		return false
	}
	return true
}
