package plan

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed schema.json
var schemaText []byte

const schemaID = "urn:cyrdrill:plan:v1"

// Schema returns the JSON Schema (draft 2020-12) of plans, for editors.
func Schema() []byte { return bytes.Clone(schemaText) }

// format is the schema, ready to check plans and to be asked about itself.
type format struct {
	validator *jsonschema.Schema
	root      fragment
}

// theFormat compiles the embedded schema, once. That it compiles is tested, so
// a failure can only be a mistake in the build.
var theFormat = sync.OnceValue(func() format {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		panic(fmt.Sprintf("plan: reading the embedded schema: %v", err))
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(schemaID, document); err != nil {
		panic(fmt.Sprintf("plan: adding the embedded schema: %v", err))
	}
	validator, err := compiler.Compile(schemaID)
	if err != nil {
		panic(fmt.Sprintf("plan: compiling the embedded schema: %v", err))
	}
	return format{validator: validator, root: document.(map[string]any)}
})

// fragment is one schema object within the schema.
type fragment map[string]any

// text returns the value of a keyword that holds a string, or "".
func (f fragment) text(keyword string) string {
	s, _ := f[keyword].(string)
	return s
}

// sub returns the schema object under a keyword, or nil.
func (f fragment) sub(keyword string) fragment {
	m, _ := f[keyword].(map[string]any)
	return m
}

// keys returns the names of the object's properties, sorted.
func (f fragment) keys() []string { return slices.Sorted(maps.Keys(f.sub("properties"))) }

// at returns the fragment at a location as the validator gives it:
// "urn:…#/$defs/step".
func (f format) at(location string) fragment {
	_, pointer, _ := strings.Cut(location, "#")
	var here any = map[string]any(f.root)
	for _, token := range strings.Split(strings.Trim(pointer, "/"), "/") {
		switch value := here.(type) {
		case map[string]any:
			if token != "" {
				here = value[token]
			}
		case []any:
			var i int
			if _, err := fmt.Sscan(token, &i); err != nil || i < 0 || i >= len(value) {
				return nil
			}
			here = value[i]
		}
	}
	m, _ := here.(map[string]any)
	return m
}

// resolve follows the fragment's reference, if it is one. Keywords beside a
// $ref, such as default, stay with the one that refers.
func (f format) resolve(s fragment) fragment {
	if ref := s.text("$ref"); ref != "" {
		return f.at(ref)
	}
	return s
}

// stepSchema is the schema of steps that are written with their parameters.
func (f format) stepSchema() fragment { return f.at("#/$defs/step/anyOf/1") }
