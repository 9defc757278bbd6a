package planfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/planfile"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
)

func written(t *testing.T, p restore.Plan) string {
	t.Helper()
	var out bytes.Buffer
	if err := planfile.Write(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What is read is what was written, down to its digest: a journal knows it again.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(5) {
		plan := restoretest.Make(t, restoretest.Usual(seed)).Plan(t)
		for _, policy := range restore.Policies() {
			settled, err := plan.Under(policy)
			if err != nil {
				t.Fatal(err)
			}
			text := written(t, settled)
			read, err := planfile.Read("plan.json", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if read.Digest() != settled.Digest() {
				t.Errorf("seed %d, %s: %s", seed, policy, cmp.Diff(settled, read))
			}
		}
	}
}

// A plan that is written account by account reads as if it had been written at once.
func TestWrittenAsOneValue(t *testing.T) {
	plan := restoretest.Make(t, restoretest.Usual(1)).Plan(t)
	one := slices.DeleteFunc(slices.Clone(plan.Actions), func(a restore.Action) bool { return a.Account != plan.Actions[0].Account })
	for name, p := range map[string]restore.Plan{
		"several accounts": plan, "one account": {Restorer: "null", Actions: one}, "no account": {Restorer: "copy-missing"},
	} {
		text := written(t, p)
		var want bytes.Buffer
		if err := json.Indent(&want, []byte(text), "", " "); err != nil || want.String() != text {
			t.Errorf("%s: %v\n%s", name, err, cmp.Diff(want.String(), text))
		}
	}
}

const good = `{
 "apiVersion": "cyrdrill.restore/v1",
 "restorer": "copy-missing",
 "policy": "restore",
 "accounts": [
  {
   "account": "alice",
   "saw": [{"mailbox": "INBOX", "uniqueid": "u1", "uidvalidity": 1, "last_uid": 9}],
   "parts": [
    {
     "mailbox": "INBOX",
     "actions": [
      {"act": "copy", "why": "it is missing", "evidence": "", "confidence": "certain", "clients": "", "from": "INBOX", "uid": 3, "guid": "abc", "internaldate": "2026-01-05T08:00:00Z"},
      {"act": "flag", "why": "Köln", "uid": 4, "guid": "def", "add": ["\\Seen"]}
     ]
    }
   ]
  }
 ]
}
`

// A plan that was edited into nonsense is refused with one line, which says where.
func TestEditedIntoNonsense(t *testing.T) {
	if _, err := planfile.Read("p", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, old, edited, want string }{
		{"no comma", `"copy-missing",`, `"copy-missing"`, "4:2: it is no JSON: invalid character '\"' after object key:value pair"},
		{"cut off", "  }\n ]\n}\n", "", "18:1: the file ends before the plan does"},
		{"something behind it", "]\n}\n", "]\n}\nagain", "21:1: something follows the plan"},
		{"not JSON at all", "{\n \"apiVersion\"", "restore: all\n", "1:1: it is no JSON: invalid character 'r' looking for beginning of value"},
		{"an empty file", good, "", "1:1: the file ends before the plan does"},
		{"another version", "restore/v1", "restore/v9", `2:16: it must be a plan of apiVersion "cyrdrill.restore/v1", not "cyrdrill.restore/v9"`},
		{"no restorer", ` "restorer": "copy-missing",` + "\n", "", "1:1: it does not say which restorer made it"},
		{"another policy", `"policy": "restore"`, `"policy": "guess"`, `4:12: unknown policy "guess"; known: restore ask skip`},
		{"a field misspelt", `"uid": 3`, `"udi": 3`, `13:120: unknown field "udi" of an action; did you mean "uid"?`},
		{"a field twice", `"uid": 3`, `"uid": 3, "uid": 4`, `13:130: "uid" stands twice in one object`},
		{"an act that is none", `"act": "copy"`, `"act": "destroy"`, `13:15: destroy: act "destroy" is nothing that a restore does`},
		{"a UID that is none", `"uid": 3`, `"uid": "three"`, `13:127: uid must be a whole number below 2^32, not the text "three"`},
		{"a UID below nothing", `"uid": 4`, `"uid": -4`, "14:45: uid must be a whole number below 2^32, not the number -4"},
		{"no UID", `"uid": 3, `, "", "13:7: copy: uid is missing"},
		{"no flags to change", `, "add": ["\\Seen"]`, "", "14:7: flag: add is missing, and remove too"},
		{"another's mailbox", `     "mailbox": "INBOX"`, `     "mailbox": "user/bob"`, `13:7: copy: mailbox "user/bob" is no mailbox of the account's own`},
		{"a date that is none", "2026-01-05T08:00:00Z", "yesterday", `13:161: internaldate must be a time as "2026-01-05T08:00:00Z", not the text "yesterday"`},
		{"a confidence that is none", `"certain"`, `"sure"`, `13:77: confidence must be "certain" or "doubtful", not the text "sure"`},
		{"an account without a name", `"account": "alice"`, `"account": ""`, "7:15: an account has no name"},
		{"an object for a list", `"accounts": [`, `"accounts": {"a": [`, "accounts must be a list, not an object"},
		{"a list for an action", `{"act": "flag"`, `["act", "flag"], {"act": "flag"`, "14:7: an action must be an object, not a list"},
		{"a null", `"restorer": "copy-missing"`, `"restorer": null`, "3:14: restorer must be a text, not null"},
		{"what was seen without an ID", `"uniqueid": "u1", `, "", "8:12: what was seen of a mailbox lacks its uniqueid"},
		{"deep", `"why": "Köln"`, `"why": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40), "too deeply nested"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(good, tc.old) {
				t.Fatalf("the plan has no %q", tc.old)
			}
			edited := strings.Replace(good, tc.old, tc.edited, 1)
			if tc.name == "an object for a list" {
				edited = strings.Replace(edited, " ]\n}\n", " ]}\n}\n", 1)
			}
			_, err := planfile.Read("plan.json", []byte(edited))
			var at *planfile.Error
			if !errors.As(err, &at) || !strings.HasPrefix(err.Error(), "plan.json:") || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("it says\n%v, want\nplan.json:%s", err, tc.want)
			}
		})
	}
}

// Columns count characters.
func TestColumnsCountCharacters(t *testing.T) {
	_, err := planfile.Read("p", []byte(strings.Replace(good, `"uid": 4`, `"uid": 4.5`, 1)))
	if want := "p:14:45: uid must be a whole number below 2^32, not the number 4.5"; fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestWriteText(t *testing.T) {
	plan, err := planfile.Read("p", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	second := plan.Actions[0]
	second.UID = 7
	plan.Actions = append([]restore.Action{plan.Actions[0], second}, plan.Actions[1:]...)
	plan.Actions[2].Doubtful = true
	plan.Actions = append(plan.Actions, restore.Action{Act: restore.SetQuota, Account: "bob", Value: "100", Why: "as set"})
	var out bytes.Buffer
	if err := planfile.WriteText(&out, plan); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"copy-missing: 4 actions in 2 accounts; of doubtful messages: restore\n\nalice\n  INBOX\n    copy 2 messages, UIDs 3 to 7 [certain]\n      why: it is missing\n      evidence: both indexes",
		"      clients: a message under a new UID; UIDVALIDITY stays\n    flag UID 4 (def), adding \\Seen [doubtful]\n      why: Köln\n",
		"\n\nbob\n    set-quota to 100 [certain]\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, out.String())
		}
	}
}

// Whoever reads a plan is told of each kind of action what it rests on and does.
func TestEveryActIsExplained(t *testing.T) {
	for _, act := range restore.Acts() {
		a := restore.Action{Act: act}
		if a.Evidence() == "" || a.Clients() == "" || a.Confidence() != "certain" {
			t.Errorf("%s is not explained", act)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		plan, err := planfile.Read("p", text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "p:") {
				t.Errorf("%q", err)
			}
			return
		}
		if err := plan.Check(); err != nil {
			t.Errorf("it was read, and is refused: %v", err)
		}
	})
}
