package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

// Hostile files are refused before the parser, which works recursively, sees
// them.
func TestLimits(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i <= 'j'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*%c, ", i-1), 9))
	}
	deepBlock := ""
	for i := range 100 {
		deepBlock += strings.Repeat(" ", i) + "a:\n"
	}
	tests := []struct{ name, text, want string }{
		{"too large", strings.Repeat("#", document.MaxBytes+1), "p:1:1: the file has 262145 bytes, a plan at most 262144; leave out what is no plan"},
		{"a hundred thousand lists", strings.Repeat("[", 100_000), "p:1:17: too deeply nested or indented; a plan needs less"},
		{"a hundred thousand mappings", strings.Repeat("{a: ", 50_000), "p:1:65: too deeply nested or indented; a plan needs less"},
		{"a hundred thousand block lists", strings.Repeat("- ", 100_000), "p:1:17: too deeply nested or indented; a plan needs less"},
		{"a hundred mappings in one another", deepBlock, "p:65:65: too deeply nested or indented; a plan needs less"},
		{"not UTF-8", "name: x\ntitle: \xff\n", "p:2:8: the text is not UTF-8; save the file as UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Parse("p", []byte(test.text), testNames); fmt.Sprint(err) != test.want {
				t.Errorf("error is\n%v\nwant\n%s", err, test.want)
			}
		})
	}
	_, err := Parse("p", []byte(bomb), testNames)
	if err == nil || !strings.Contains(err.Error(), "anchors, aliases, tags and directives have no place in a plan") {
		t.Errorf("aliases that multiply: %v", err)
	}
}

// What an editor may do to a file is no mistake.
func TestParseTakesWhatEditorsWrite(t *testing.T) {
	const text = "apiVersion: cyrdrill/v1\nname: \"edited\"\ntitle: 'It''s fine'\naccounts:\n- alice\nsteps:\n- deliver:\n    count: 2\nexpect:\n  properties:\n  - no-loss\n"
	for name, variant := range map[string]string{
		"as it is":              text,
		"byte order mark":       "\ufeff" + text,
		"CRLF":                  strings.ReplaceAll(text, "\n", "\r\n"),
		"no line end":           strings.TrimSuffix(text, "\n"),
		"document marks":        "---\n" + text + "...\n",
		"comments and blanks":   "# head\n\n" + strings.ReplaceAll(text, "steps:", "steps: # these\n\n  # and more\n"),
		"trailing white space":  strings.ReplaceAll(text, "\n", "  \n"),
		"JSON, which YAML is":   `{"apiVersion": "cyrdrill/v1", "name": "edited", "title": "It's fine", "accounts": ["alice"], "steps": [{"deliver": {"count": 2}}], "expect": {"properties": ["no-loss"]}}`,
		"keys in another order": "expect: {properties: [no-loss]}\n" + strings.Replace(text, "expect:\n  properties:\n  - no-loss\n", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse("p", []byte(variant), testNames)
			if err != nil {
				t.Fatal(err)
			}
			if p.Name != "edited" || p.Title != "It's fine" || len(p.Steps) != 1 || p.Steps[0].Deliver.Count != 2 {
				t.Errorf("plan is\n%s", Format(p))
			}
			if string(p.Text()) != variant {
				t.Error("Text is not what was read")
			}
		})
	}
}

func TestParseKeepsItsOwnText(t *testing.T) {
	text := []byte("apiVersion: cyrdrill/v1\nname: x\ntitle: x\naccounts: [a]\nsteps: [deliver]\nexpect: {properties: [no-loss]}\n")
	p, err := Parse("p", text, testNames)
	if err != nil {
		t.Fatal(err)
	}
	text[0] = 'X'
	if p.Text()[0] != 'a' {
		t.Error("a caller can change the plan's text")
	}
}
