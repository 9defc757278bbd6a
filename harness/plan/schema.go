package plan

import (
	"bytes"
	_ "embed"
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

//go:embed schema.json
var schemaText []byte

const schemaID = "urn:cyrdrill:plan:v1"

// Schema returns the JSON Schema (draft 2020-12) of plans, for editors.
func Schema() []byte { return bytes.Clone(schemaText) }

// theFormat compiles the embedded schema, once.
var theFormat = sync.OnceValue(func() document.Format {
	return document.Compile(schemaID, schemaText, document.Format{Noun: "plan", APIVersion: APIVersion, KeyNoun: keyNoun, Special: stepFailure})
})

// stepSchema is the schema of steps that are written with their parameters.
func stepSchema(f document.Format) document.Fragment { return f.At("#/$defs/step/anyOf/1") }
