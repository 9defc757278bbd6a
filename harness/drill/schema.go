package drill

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed result.schema.json
var resultSchema []byte

// ResultSchema returns the JSON Schema (draft 2020-12) of result.json.
func ResultSchema() []byte { return bytes.Clone(resultSchema) }

var compiledResultSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(resultSchema))
	if err != nil {
		return nil, fmt.Errorf("reading the schema of results: %w", err)
	}
	const id = "urn:cyrdrill:result:v1"
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(id, document); err != nil {
		return nil, fmt.Errorf("adding the schema of results: %w", err)
	}
	return compiler.Compile(id)
})

// CheckResult holds the text of a result.json against [ResultSchema]. Beyond
// the shape, that forbids a pass which has reasons against it, and any other
// verdict without a reason.
func CheckResult(text []byte) error {
	schema, err := compiledResultSchema()
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("reading the result: %w", err)
	}
	return schema.Validate(document)
}
