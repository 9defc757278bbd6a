package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

func TestSchemaIsValidUnderItsMetaschema(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	const metaschema = "https://json-schema.org/draft/2020-12/schema"
	if document.(map[string]any)["$schema"] != metaschema {
		t.Errorf("the schema does not say that it is of draft 2020-12")
	}
	meta, err := jsonschema.NewCompiler().Compile(metaschema) // the library carries it
	if err != nil {
		t.Fatal(err)
	}
	if err := meta.Validate(document); err != nil {
		t.Error(err)
	}
	if theFormat().Root.Text("$id") != schemaID {
		t.Errorf("$id is %q, the code says %q", theFormat().Root.Text("$id"), schemaID)
	}
	if theFormat().Root.Sub("properties").Sub("apiVersion").Text("const") != APIVersion {
		t.Errorf("the schema's apiVersion is not %q", APIVersion)
	}
}

func TestSchemaIsACopy(t *testing.T) {
	Schema()[0] = 'x'
	if Schema()[0] != '{' {
		t.Error("a caller can change the schema")
	}
}

// eachSchema calls each with every schema object and its location.
func eachSchema(at string, s map[string]any, each func(at string, s document.Fragment)) {
	each(at, s)
	for _, keyword := range []string{"properties", "$defs"} {
		named, _ := s[keyword].(map[string]any)
		for key, sub := range named {
			eachSchema(at+"/"+keyword+"/"+key, sub.(map[string]any), each)
		}
	}
	if items, ok := s["items"].(map[string]any); ok {
		eachSchema(at+"/items", items, each)
	}
	alternatives, _ := s["anyOf"].([]any)
	for i, sub := range alternatives {
		eachSchema(fmt.Sprintf("%s/anyOf/%d", at, i), sub.(map[string]any), each)
	}
}

func TestSchemaDescribesEverything(t *testing.T) {
	count := 0
	eachSchema("#", theFormat().Root, func(at string, s document.Fragment) {
		count++
		description := s.Text("description")
		if description == "" && s.Text("$ref") != "" {
			description = theFormat().Resolve(s).Text("description")
		}
		if !strings.HasSuffix(strings.TrimSpace(description), ".") {
			t.Errorf("%s: its description is no sentence: %q", at, description)
		}
		if s.Text("pattern") != "" && s.Text("patternErrorMessage") == "" {
			t.Errorf("%s: its pattern has no message", at)
		}
		if s.Text("type") == "object" && s["additionalProperties"] != false && s.Sub("additionalProperties") == nil {
			t.Errorf("%s: takes any key", at)
		}
	})
	if count < 40 {
		t.Errorf("only %d schemas were looked at", count)
	}
}

// Each default is what its own schema allows.
func TestSchemaDefaultsAreAllowed(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(schemaID, map[string]any(theFormat().Root)); err != nil {
		t.Fatal(err)
	}
	eachSchema("#", theFormat().Root, func(at string, s document.Fragment) {
		value, ok := s["default"]
		if !ok {
			return
		}
		schema, err := compiler.Compile(schemaID + at)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: default %v: %v", at, value, err)
		}
	})
}

// keysOf lists what a struct's exported fields are called in a file.
func keysOf(structure any, except ...string) []string {
	var keys []string
	typ := reflect.TypeOf(structure)
	for i := range typ.NumField() {
		field := typ.Field(i)
		if field.IsExported() && !slices.Contains(except, field.Name) {
			keys = append(keys, fileKey(field.Name))
		}
	}
	slices.Sort(keys)
	return keys
}

// fileKey is the key of a field: its name with the first word in lower case.
func fileKey(name string) string {
	runes := []rune(name)
	for i := range runes {
		if i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}

func TestSchemaAndTypesHaveTheSameFields(t *testing.T) {
	f := theFormat()
	root := f.Root.Sub("properties")
	kinds := stepSchema(f)
	check := func(what string, schema document.Fragment, keys []string) {
		t.Helper()
		if diff := cmp.Diff(keys, schema.Keys(), cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Errorf("%s (-type +schema):\n%s", what, diff)
		}
	}
	check("plan", f.Root, keysOf(Plan{}, "File"))
	check("pair", root.Sub("pair"), keysOf(Pair{}))
	check("expect", root.Sub("expect"), keysOf(Expect{}))
	check("steps", kinds, keysOf(Step{}, "Kind", "Pos"))
	for kind, structure := range map[Kind]any{
		KindAppend: Append{}, KindExpunge: Expunge{}, KindWait: Wait{}, KindFault: Fault{}, KindFreeze: Freeze{},
		KindPromote: Promote{}, KindRescue: Rescue{}, KindDetect: Detect{}, KindRestore: Restore{}, KindSeed: Seed{}, KindWork: Work{},
		KindRules: Rules{}, KindClock: Clock{}, KindExpire: Expire{}, KindResync: Resync{}, KindFailback: Failback{},
	} {
		check(string(kind), f.Resolve(kinds.Sub("properties").Sub(string(kind))), keysOf(structure))
	}
	check("deliver", f.Resolve(kinds.Sub("properties").Sub("deliver")), keysOf(Deliver{}))
}

func TestSchemaAndConstantsHaveTheSameValues(t *testing.T) {
	f := theFormat()
	enum := func(s document.Fragment) []string {
		var values []string
		for _, v := range s["enum"].([]any) {
			values = append(values, v.(string))
		}
		return values
	}
	parameter := func(kind, key string) document.Fragment { return f.At("#/$defs/" + kind).Sub("properties").Sub(key) }
	for what, pair := range map[string][2][]string{
		"sides of a pair":   {enum(f.At("#/$defs/side")), {string(Master), string(Replica), string(OldMaster)}},
		"sides to compare":  {enum(parameter("detect", "sides")), {string(PairNow), string(FrozenSides), string(ServingAlone), string(RescuedAndServing)}},
		"conditions":        {enum(parameter("wait", "until")), {string(Replicated)}},
		"choices":           {enum(parameter("expunge", "which")), {string(Oldest), string(Newest), string(Random)}},
		"mailboxes":         {enum(f.At("#/$defs/mailbox")), {inbox}},
		"steps by name":     {enum(f.At("#/$defs/step/anyOf/0")), stepsWithoutRequired(f)},
		"pattern durations": {{f.At("#/$defs/duration").Text("pattern")}, {durationText.String()}},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (-code +schema):\n%s", what, diff)
		}
	}
}

// stepsWithoutRequired are the steps that need no parameter, in the schema's
// own order.
func stepsWithoutRequired(f document.Format) []string {
	var kinds []string
	for kind := range maps.Keys(stepSchema(f).Sub("properties")) {
		_, required := f.At("#/$defs/" + kind)["required"]
		if _, choice := f.At("#/$defs/" + kind)["anyOf"]; !required && !choice {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

func TestSchemaIsFormattedJSON(t *testing.T) {
	if !json.Valid(Schema()) || !bytes.HasSuffix(Schema(), []byte("}\n")) {
		t.Error("the schema is no JSON text that ends in a line end")
	}
}
