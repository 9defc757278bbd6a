package outside

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const guid = `"0123456789abcdef0123456789abcdef01234567"`

// What the schema allows is read, and what it forbids is refused, with a word of why.
func TestSchemaSaysWhatIsRead(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("line", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("line")
	if err != nil {
		t.Fatal(err)
	}
	for text, complaint := range map[string]string{
		`{"progress": 0}`:                          "",
		`{"progress": 1, "text": "alice is done"}`: "",
		`{"left": "NO", "account": "alice"}`:       "",
		`{"left": "NO", "account": "alice", "mailbox": "INBOX", "uid": 4294967295, "guid": ` + guid + `}`: "",
		`{"doubtful": "message", "account": "alice", "mailbox": "INBOX", "guid": ` + guid + `}`:           "",
		`{"doubtful": "message", "account": "alice", "mailbox": "INBOX", "guid": ` + guid + `, "uid": 1}`: "",
		`{}`:                                    `one of "progress", "doubtful" and "left"`,
		`[]`:                                    "no report as JSON",
		`{"text": "nothing else"}`:              `one of "progress", "doubtful" and "left"`,
		`{"progress": 1.1}`:                     "from 0 to 1",
		`{"progress": -1}`:                      "from 0 to 1",
		`{"progress": "half"}`:                  "no report as JSON",
		`{"progress": 0.5, "account": "alice"}`: "has a text alone",
		`{"progress": 0.5, "left": "NO", "account": "alice"}`:                                              `one of "progress"`,
		`{"left": "", "account": "alice"}`:                                                                 "left is empty",
		`{"left": "NO"}`:                                                                                   "what is left has an account",
		`{"left": "NO", "account": ""}`:                                                                    "account is empty",
		`{"left": "NO", "account": "alice", "mailbox": ""}`:                                                "mailbox is empty",
		`{"left": "NO", "account": "alice", "uid": 0}`:                                                     "UIDs begin with 1",
		`{"left": "NO", "account": "alice", "uid": -1}`:                                                    "no report as JSON",
		`{"left": "NO", "account": "alice", "uid": 4294967296}`:                                            "no report as JSON",
		`{"left": "NO", "account": "alice", "guid": "12"}`:                                                 "40 digits",
		`{"doubtful": "flag", "account": "alice", "mailbox": "INBOX", "guid": ` + guid + `}`:               `only a "message" can be`,
		`{"doubtful": "message", "mailbox": "INBOX", "guid": ` + guid + `}`:                                "an account, a mailbox and a guid",
		`{"doubtful": "message", "account": "alice", "guid": ` + guid + `}`:                                "an account, a mailbox and a guid",
		`{"doubtful": "message", "account": "alice", "mailbox": "INBOX"}`:                                  "an account, a mailbox and a guid",
		`{"doubtful": "message", "account": "alice", "mailbox": "INBOX", "guid": ` + guid + `, "flag": 1}`: `unknown field "flag"`,
	} {
		_, err := parseLine([]byte(text), []string{"alice"})
		if (err == nil) != (complaint == "") || err != nil && !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s is read as %v; want %q", text, err, complaint)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != (complaint == "") {
			t.Errorf("%s, held against the schema: %v", text, err)
		}
	}
}
