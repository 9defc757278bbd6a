package sim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What the simulator cannot run is refused, with what it is that it cannot.
func TestScriptsThatCannotRunAreRefused(t *testing.T) {
	session, err := newPair(t, 1).Serving().User().Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	for source, reason := range map[string]string{
		`require "vacation"; vacation "away";`:                                  "vacation",
		`require "include"; include "other";`:                                   "include",
		`require ["copy", "fileinto"]; fileinto :copy "INBOX/A";`:               "copy",
		`redirect "carol@elsewhere.example";`:                                   "redirect",
		`if header "X" "y" { if true { Redirect "carol@elsewhere.example"; } }`: "redirect",
	} {
		err := session.Put(t.Context(), "rules", []byte(source))
		var refused *target.RefusedError
		if !errors.As(err, &refused) || refused.Status != "NO" || !strings.Contains(refused.Error(), reason) {
			t.Errorf("%s: %v, want NO and a reason with %q", source, err, reason)
		}
	}
	if stored, err := session.List(t.Context()); err != nil || len(stored) != 0 {
		t.Errorf("after all refusals there are %v (%v)", stored, err)
	}
}
