package document

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Format is one kind of document: its schema, ready to check files and to be asked
// about itself, and the words for what is wrong with one.
type Format struct {
	// Noun is what one is called: "plan". APIVersion is what it begins with.
	Noun, APIVersion string
	// Root is the schema.
	Root Fragment
	// KeyNoun says what the keys of the mapping at a location are; nil, or an empty
	// answer: a "key".
	KeyNoun func(location []string) string
	// Special puts a failure into words that would not be understood from the schema
	// alone, and says whether it has. It may be nil.
	Special func(f Failure, errs *Errors) bool

	validator *jsonschema.Schema
}

// Failure is one way in which a document is not what its schema wants.
type Failure struct {
	Format   Format
	Kind     jsonschema.ErrorKind
	Location []string // keys and indexes
	Node     *Node    // that is wrong
	Whole    Pos      // stands for it as a whole
	Schema   Fragment // that is not kept to
	What     string   // what stands there
}

// Compile returns the format that has an embedded schema. That it compiles is for a test
// to see, so a failure can only be a mistake in the build.
func Compile(id string, schema []byte, f Format) Format {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		panic(fmt.Sprintf("document: reading the embedded schema %s: %v", id, err))
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(id, document); err != nil {
		panic(fmt.Sprintf("document: adding the embedded schema %s: %v", id, err))
	}
	f.validator, err = compiler.Compile(id)
	if err != nil {
		panic(fmt.Sprintf("document: compiling the embedded schema %s: %v", id, err))
	}
	f.Root = document.(map[string]any)
	return f
}

// Fragment is one schema object within a schema.
type Fragment map[string]any

// Text returns the value of a keyword that holds a string, or "".
func (f Fragment) Text(keyword string) string {
	s, _ := f[keyword].(string)
	return s
}

// Sub returns the schema object under a keyword, or nil.
func (f Fragment) Sub(keyword string) Fragment {
	m, _ := f[keyword].(map[string]any)
	return m
}

// Keys returns the names of the object's properties, sorted.
func (f Fragment) Keys() []string { return slices.Sorted(maps.Keys(f.Sub("properties"))) }

// At returns the fragment at a location as the validator gives it:
// "urn:…#/$defs/step".
func (f Format) At(location string) Fragment {
	_, pointer, _ := strings.Cut(location, "#")
	var here any = map[string]any(f.Root)
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

// Resolve follows the fragment's reference, if it is one. Keywords beside a
// $ref, such as default, stay with the one that refers.
func (f Format) Resolve(s Fragment) Fragment {
	if ref := s.Text("$ref"); ref != "" {
		return f.At(ref)
	}
	return s
}

// alternatives returns the types of value that a failed choice would have taken.
func (f Format) alternatives(s Fragment) []string {
	var types []string
	choices, _ := s["anyOf"].([]any)
	for _, choice := range choices {
		m, _ := choice.(map[string]any)
		if t := f.Resolve(m).Text("type"); t != "" && !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types
}
