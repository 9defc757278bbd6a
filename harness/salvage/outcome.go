package salvage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Outcome is what came of a restore.
type Outcome struct {
	Plan              restore.Plan
	Report            restore.Report
	Rescued, Serving  target.ServerName
	PlanFile, Journal string
	Letters           []string // files
	// NeverHad is what the plan has forgotten.
	NeverHad []restore.Unsafe
}

// Begun says whether anything of the plan is known to have been dealt with.
func (o Outcome) Begun() bool {
	for _, a := range o.Report.Accounts {
		if len(a.Done)+a.Found+len(a.Left) > 0 {
			return true
		}
	}
	return false
}

// Left is how many things the restore has not brought back: what could not be done, what
// nobody has come to, what the plan has forgotten, what is an administrator's, and what users
// have to be asked.
func (o Outcome) Left() int {
	left := len(ByHand(o.Plan)) + o.asked() + len(o.NeverHad)
	for _, a := range o.Report.Accounts {
		left += len(a.Left) + a.Pending
	}
	return left
}

// asked is how many messages users have to be asked about.
func (o Outcome) asked() int {
	if o.Plan.Policy != restore.PolicyAsk {
		return 0
	}
	var list bytes.Buffer
	_ = o.Plan.WriteQuestions(&list) // memory takes them
	return bytes.Count(list.Bytes(), []byte("\n"))
}

// WriteText writes what was done, account by account.
func (o Outcome) WriteText(w io.Writer) error {
	var out bytes.Buffer
	whole := 0
	for _, a := range o.Report.Accounts {
		parts := doneInWords(a)
		if len(a.Left)+a.Pending == 0 && a.ReadBack {
			whole++
			parts = append(parts, "read back")
		}
		fmt.Fprintf(&out, "%-9s %s\n", a.Account, strings.Join(parts, ", "))
		for _, left := range a.Left {
			fmt.Fprintf(&out, "            left: %s: %s\n", left.Action, left.Reason)
		}
	}
	for _, a := range ByHand(o.Plan) {
		fmt.Fprintf(&out, "by hand   %s: %s\n", a.Account, strings.TrimPrefix(a.Why, byHand))
	}
	for _, u := range o.NeverHad {
		fmt.Fprintf(&out, "forgotten %s\n", u)
	}
	if n := o.Plan.Count(restore.Keep) - len(ByHand(o.Plan)); n > 0 {
		fmt.Fprintf(&out, "kept      %s as before; %s says which and why\n", counted(n, "thing"), o.PlanFile)
	}
	for _, file := range o.Report.KeptIndexes {
		fmt.Fprintf(&out, "index     %s on %s is a copy of one that was rebuilt\n", file, o.Serving)
	}
	for _, file := range o.Letters {
		fmt.Fprintf(&out, "letter    %s\n", file)
	}
	fmt.Fprintf(&out, "restored  %s to %s: %s\n", o.Rescued, o.Serving, o.Report.InWords())
	fmt.Fprintf(&out, "verdict   %s: of %s %d are restored and read back; %s to be done\n", o.verdict(), counted(len(o.Report.Accounts), "account"), whole, counted(o.Left(), "thing"))
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing what was restored: %w", err)
	}
	return nil
}

// counted is a number of things.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func doneInWords(a restore.AccountReport) []string {
	var parts []string
	for _, act := range restore.Acts() {
		if n := a.Done[act]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, act))
		}
	}
	for _, more := range []struct {
		n    int
		what string
	}{{a.Found, "had been done already"}, {len(a.Left), "could not be done"}, {a.Pending, "not come to"}} {
		if more.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", more.n, more.what))
		}
	}
	return parts
}

func (o Outcome) verdict() string {
	if o.Left() > 0 {
		return "LEFT"
	}
	return "RESTORED"
}

// WriteJSON writes the same for programs.
func (o Outcome) WriteJSON(w io.Writer) error {
	type byHandAction struct {
		Account string `json:"account"`
		Mailbox string `json:"mailbox,omitempty"`
		What    string `json:"what"`
	}
	told := struct {
		Rescued   target.ServerName       `json:"rescued"`
		Serving   target.ServerName       `json:"serving"`
		Plan      string                  `json:"plan"`
		Journal   string                  `json:"journal"`
		Verdict   string                  `json:"verdict"`
		Left      int                     `json:"left"`
		Report    restore.Report          `json:"report"`
		ByAccount []restore.AccountReport `json:"by_account"`
		ByHand    []byHandAction          `json:"by_hand,omitempty"`
		NeverHad  []restore.Unsafe        `json:"never_had,omitempty"`
		Letters   []string                `json:"letters,omitempty"`
	}{
		Rescued: o.Rescued, Serving: o.Serving, Plan: o.PlanFile, Journal: o.Journal, Verdict: strings.ToLower(o.verdict()), Left: o.Left(),
		Report: o.Report, ByAccount: o.Report.Accounts, NeverHad: o.NeverHad, Letters: o.Letters,
	}
	for _, a := range ByHand(o.Plan) {
		told.ByHand = append(told.ByHand, byHandAction{a.Account, a.Mailbox, strings.TrimPrefix(a.Why, byHand)})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(told); err != nil {
		return fmt.Errorf("writing what was restored: %w", err)
	}
	return nil
}

// WriteLetters writes a letter to each user of whose mail something could not be decided,
// in a file by the account's name, and what users have to be asked in one of its own. It
// returns the files.
func WriteLetters(folder string, plan restore.Plan) ([]string, error) {
	doubts := plan.Doubts()
	if len(doubts) == 0 {
		return nil, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("writing letters: %w", err)
	}
	var files []string
	for _, d := range doubts {
		if d.Account != filepath.Base(d.Account) || strings.HasPrefix(d.Account, ".") {
			return files, fmt.Errorf("writing letters: %q is no name for a file", d.Account)
		}
		file := filepath.Join(folder, d.Account+".txt")
		err := WriteFile(file, func(w io.Writer) error {
			_, err := io.WriteString(w, d.Letter())
			return err
		})
		if err != nil {
			return files, fmt.Errorf("writing letters: %w", err)
		}
		files = append(files, file)
	}
	if plan.Policy == restore.PolicyAsk {
		file := filepath.Join(folder, "questions.tsv")
		if err := WriteFile(file, plan.WriteQuestions); err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}
