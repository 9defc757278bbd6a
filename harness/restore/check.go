package restore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Digest identifies the plan: that of another one, or of one that was changed, is
// another. However long the plan is, no more of it is written at once than an action.
func (p Plan) Digest() string {
	sum := sha256.New()
	lines := json.NewEncoder(sum)
	add := func(line any) {
		if err := lines.Encode(line); err != nil {
			panic(fmt.Sprintf("restore: a plan that is no JSON: %v", err)) // it holds nothing that could fail
		}
	}
	add(Plan{Restorer: p.Restorer, Policy: p.Policy})
	for _, sight := range p.Saw {
		add(sight)
	}
	for _, action := range p.Actions {
		add(action)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// check returns why a scene cannot be restored by the plan.
func (s Scene) check(p Plan) error {
	needsSource := func(a Action) bool { return a.bringsMail() || a.Act == Remake || a.Act == PutScript }
	if s.Rescued == nil && slices.ContainsFunc(p.Actions, needsSource) {
		return &UnsafeError{"there is no rescued store to copy from"}
	}
	return p.Check()
}

// Check returns what is wrong with the first action that cannot be meant so.
func (p Plan) Check() error {
	for i, a := range p.Actions {
		if field, problem := a.Wrong(); problem != "" {
			return fmt.Errorf("action %d of the plan, %s: %s %s; nothing was touched", i+1, a.Act, field, problem)
		}
	}
	return nil
}

// Wrong returns which field of an action is wrong, by its name in a plan file, and in
// what. An empty problem: none is.
func (a Action) Wrong() (field, problem string) {
	for _, check := range []struct {
		field   string
		applies bool
		wrong   bool
		problem string
	}{
		{"act", true, !slices.Contains(Acts(), a.Act), fmt.Sprintf("%q is nothing that a restore does", a.Act)},
		{"account", true, a.Account == "", "is missing"},
		{"mailbox", a.needsMailbox(), a.Mailbox == "", "is missing"},
		{"mailbox", a.needsMailbox(), !target.IsOwn(a.Mailbox) || !target.IsMail(a.Mailbox), fmt.Sprintf("%q is no mailbox of the account's own", a.Mailbox)},
		{"from", a.bringsMail() || a.Act == Remake, !target.IsOwn(a.From), fmt.Sprintf("%q is no mailbox of the account's own", a.From)},
		{"to", a.Act == Rename, !target.IsOwn(a.To), fmt.Sprintf("%q is no name for a mailbox of the account's own", a.To)},
		{"uid", a.aboutMessage(), a.UID == 0, "is missing"},
		{"guid", a.aboutMessage() || a.Act == PutScript, a.GUID == "", "is missing"},
		{"add", a.Act == Flag, !a.AboutFlags(), "is missing, and remove too"},
		{"name", a.Act == SetACL || a.Act == SetAnnotation || a.Act == PutScript || a.Act == DeleteScript || a.Act == Remake || a.Act == Resync, a.Name == "", "is missing"},
		{"value", a.Act == Remake, !isUIDValidity(a.Value), fmt.Sprintf("%q is no UIDVALIDITY", a.Value)},
		{"value", a.Act == SetQuota, !isLimit(a.Value), fmt.Sprintf("%q is no limit in KiB", a.Value)},
	} {
		if check.applies && check.wrong {
			return check.field, check.problem
		}
	}
	return "", ""
}

func (a Action) aboutMessage() bool {
	return a.bringsMail() || a.Act == Expunge || a.Act == ExpungeDamaged || a.Act == Flag
}

func (a Action) needsMailbox() bool {
	switch a.Act {
	case Remake, Create, Rename, Delete, SetACL, SetAnnotation, Reconstruct:
		return true
	}
	return a.aboutMessage()
}

func isUIDValidity(text string) bool {
	n, err := strconv.ParseUint(text, 10, 32)
	return err == nil && n > 0
}

func isLimit(text string) bool {
	limit, err := strconv.ParseInt(text, 10, 64)
	return err == nil && limit >= target.NoQuota
}
