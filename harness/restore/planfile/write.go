package planfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// filed is a plan as a file has it.
type filed struct {
	APIVersion string         `json:"apiVersion"`
	Restorer   string         `json:"restorer"`
	Policy     restore.Policy `json:"policy,omitempty"`
	Accounts   []filedAccount `json:"accounts"`
}

type filedAccount struct {
	Account string       `json:"account"`
	Saw     []filedSight `json:"saw,omitempty"`
	Parts   []filedPart  `json:"parts"`
}

type filedSight struct {
	Mailbox     string `json:"mailbox"`
	UniqueID    string `json:"uniqueid"`
	UIDValidity uint32 `json:"uidvalidity"`
	LastUID     uint32 `json:"last_uid"`
}

// filedPart is what is done, in turn, in one mailbox; empty: in none.
type filedPart struct {
	Mailbox string        `json:"mailbox,omitempty"`
	Actions []filedAction `json:"actions"`
}

type filedAction struct {
	Act          restore.Act `json:"act"`
	Why          string      `json:"why"`
	Evidence     string      `json:"evidence"`
	Confidence   string      `json:"confidence"`
	Clients      string      `json:"clients"`
	From         string      `json:"from,omitempty"`
	To           string      `json:"to,omitempty"`
	UID          uint32      `json:"uid,omitempty"`
	GUID         string      `json:"guid,omitempty"`
	Size         uint32      `json:"size,omitempty"`
	Flags        []string    `json:"flags,omitempty"`
	InternalDate time.Time   `json:"internaldate,omitzero"`
	Add          []string    `json:"add,omitempty"`
	Remove       []string    `json:"remove,omitempty"`
	Name         string      `json:"name,omitempty"`
	Value        string      `json:"value,omitempty"`
	Was          string      `json:"was,omitempty"`
}

// group groups a plan's actions by account and mailbox, in their order, and yields one
// account after the other, so that of a large plan there are not two: an account or a
// mailbox that its actions come back to has another part.
func group(p restore.Plan) iter.Seq[filedAccount] {
	saw := map[string][]filedSight{}
	for _, s := range p.Saw {
		saw[s.Account] = append(saw[s.Account], filedSight{s.Mailbox, s.UniqueID, s.UIDValidity, s.LastUID})
	}
	return func(yield func(filedAccount) bool) {
		for left := p.Actions; len(left) > 0; {
			name, n := left[0].Account, 1
			for n < len(left) && left[n].Account == name {
				n++
			}
			account := filedAccount{Account: name, Saw: saw[name], Parts: parts(left[:n])}
			delete(saw, name)
			if left = left[n:]; !yield(account) {
				return
			}
		}
	}
}

// parts groups an account's actions by mailbox.
func parts(actions []restore.Action) (parts []filedPart) {
	for _, a := range actions {
		if last := len(parts) - 1; last < 0 || parts[last].Mailbox != a.Mailbox {
			parts = append(parts, filedPart{Mailbox: a.Mailbox})
		}
		part := &parts[len(parts)-1]
		part.Actions = append(part.Actions, filedAction{
			Act: a.Act, Why: a.Why, Evidence: a.Evidence(), Confidence: a.Confidence(), Clients: a.Clients(), From: a.From, To: a.To, UID: a.UID, GUID: a.GUID,
			Size: a.Size, Flags: a.Flags, InternalDate: a.InternalDate, Add: a.Add, Remove: a.Remove, Name: a.Name, Value: a.Value, Was: a.Was,
		})
	}
	return parts
}

// Write writes a plan as a file that [Read] reads, account by account. No message's body,
// and no script's source, is in it.
func Write(w io.Writer, p restore.Plan) error {
	out := bufio.NewWriter(w)
	if err := write(out, p); err != nil {
		return fmt.Errorf("writing a restore plan: %w", err)
	}
	return nil
}

func write(out *bufio.Writer, p restore.Plan) error {
	head, err := json.MarshalIndent(filed{APIVersion: APIVersion, Restorer: p.Restorer, Policy: p.Policy}, "", " ")
	if err != nil {
		return err
	}
	before := head[:bytes.LastIndex(head, []byte("null"))] // in place of the accounts
	fmt.Fprintf(out, "%s", before)
	between := "[\n  "
	for account := range group(p) {
		text, err := json.MarshalIndent(account, "  ", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s%s", between, text)
		between = ",\n  "
	}
	if len(p.Actions) == 0 {
		fmt.Fprint(out, "null\n}\n")
	} else {
		fmt.Fprint(out, "\n ]\n}\n")
	}
	return out.Flush()
}

// WriteText writes a plan to be read: by account and mailbox, what is done, why, on what
// evidence, how sure that is, and what clients will notice. Actions that differ in their
// message alone are counted together.
func WriteText(w io.Writer, p restore.Plan) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: %d actions in %d accounts", p.Restorer, len(p.Actions), countAccounts(p))
	if p.Policy != "" {
		fmt.Fprintf(out, "; of doubtful messages: %s", p.Policy)
	}
	fmt.Fprintln(out)
	for account := range group(p) {
		fmt.Fprintf(out, "\n%s\n", account.Account)
		for _, part := range account.Parts {
			if part.Mailbox != "" {
				fmt.Fprintf(out, "  %s\n", part.Mailbox)
			}
			writeAlike(out, part.Actions)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing a restore plan: %w", err)
	}
	return nil
}

func writeAlike(out *bufio.Writer, actions []filedAction) {
	alike := func(a, b filedAction) bool {
		return a.UID != 0 && b.UID != 0 && a.Act == b.Act && a.Confidence == b.Confidence && strings.Join(a.Add, " ") == strings.Join(b.Add, " ") && strings.Join(a.Remove, " ") == strings.Join(b.Remove, " ")
	}
	for len(actions) > 0 {
		n := 1
		for n < len(actions) && alike(actions[0], actions[n]) {
			n++
		}
		first, last := actions[0], actions[n-1]
		what := string(first.Act)
		switch {
		case n > 1:
			what += fmt.Sprintf(" %d messages, UIDs %d to %d", n, first.UID, last.UID)
		case first.UID != 0:
			what += fmt.Sprintf(" UID %d (%.8s)", first.UID, first.GUID)
		}
		if first.Act == restore.Remake { // as it was: that is in the file
			first.Name, first.Value = "", ""
		}
		for _, detail := range []struct{ before, text string }{{" ", first.Name}, {" to ", first.To}, {" to ", first.Value}, {", adding ", strings.Join(first.Add, " ")}, {", removing ", strings.Join(first.Remove, " ")}} {
			if detail.text != "" {
				what += detail.before + detail.text
			}
		}
		fmt.Fprintf(out, "    %s [%s]\n      why: %s\n      evidence: %s\n      clients: %s\n", what, first.Confidence, first.Why, first.Evidence, first.Clients)
		actions = actions[n:]
	}
}

func countAccounts(p restore.Plan) int {
	accounts := map[string]bool{}
	for _, a := range p.Actions {
		accounts[a.Account] = true
	}
	return len(accounts)
}
