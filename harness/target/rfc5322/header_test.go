package rfc5322_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target/rfc5322"
)

func TestField(t *testing.T) {
	const text = "Subject: one\r\nX-Folded: a\r\n b\r\n\tc\r\nno colon here\r\nSUBJECT : two\r\nEmpty:\r\n\r\nBody: yes\r\n"
	for name, want := range map[string]string{
		"subject": "one", "X-FOLDED": "a b\tc", "Empty": "", "Body": "absent", "Subj": "absent", "no colon here": "absent",
	} {
		value, ok := rfc5322.Field([]byte(text), name)
		if !ok {
			value = "absent"
		}
		if value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
	values, err := rfc5322.Message(text).HeaderGet("Subject")
	if diff := cmp.Diff([]string{"one", "two"}, values); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if diff := cmp.Diff([]string{"", "one", "a b\tc"}, rfc5322.Fields([]byte(text), "Body", "subject", "x-folded")); diff != "" {
		t.Error(diff)
	}
	if got := rfc5322.Message(text).MessageSize(); got != len(text) {
		t.Errorf("it has %d bytes, want %d", got, len(text))
	}
}

func TestBrokenMessages(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "\n": false, "A: b": true, "A: b\n": true, "\nA: b\n": false, " A: b\nX: y\n": true, "A: b\n\n c": true, "\r\n A: b": false,
	} {
		if value, ok := rfc5322.Field([]byte(text), "A"); ok != want || ok && value != "b" {
			t.Errorf("%q has %q, %v; want %v", text, value, ok, want)
		}
	}
}

// What joins the lines of a field goes, whatever else of it stands there.
func TestUnfolding(t *testing.T) {
	for text, want := range map[string]string{
		"A: x\r\n y": "x y", "A: x\n\ty": "x\ty", "A: x\ry\n z": "x\ry z", "A: x\r\r\n y\r\n": "x\r y", "A:\r\n x": "x",
	} {
		if value, _ := rfc5322.Field([]byte(text), "A"); value != want {
			t.Errorf("%q has %q, want %q", text, value, want)
		}
	}
}
