package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/compare"
)

// Accounts calls each with every account of a comparison, in order.
type Accounts func(each func(compare.Account) error) error

// WriteComparison writes what a comparison has found, account by account, and its
// verdict. Accounts that are equal are counted.
func WriteComparison(w io.Writer, s compare.Summary, accounts Accounts, terminal bool) error {
	t := &table{style: style(terminal)}
	flush := func() error {
		_, err := io.WriteString(w, t.text.String())
		t.text.Reset()
		return err
	}
	err := accounts(func(a compare.Account) error {
		if a.Verdict == compare.Equal {
			return nil
		}
		t.last = ""
		label := "differs"
		if a.Verdict == compare.Unknown {
			label = "unknown"
		}
		t.row(label, a.Name)
		for _, f := range a.Findings {
			t.row(label, fmt.Sprintf("  %s: %s", f.Detector, f))
		}
		for _, n := range a.NotSeen {
			t.row(label, fmt.Sprintf("  %s could not look: %s", n.Detector, n.Why))
		}
		return flush()
	})
	if err != nil {
		return err
	}
	t.last = ""
	t.row("compared", fmt.Sprintf("%s with %s, by %s", s.Servers["master"], s.Servers["replica"], strings.Join(s.Detectors, ", ")))
	for _, n := range s.LeftOut {
		t.row("left out", fmt.Sprintf("%s: %s", n.Detector, n.Why))
	}
	t.row("found", kindsInWords(s))
	t.row("verdict", comparedInWords(t.style, s))
	return flush()
}

func kindsInWords(s compare.Summary) string {
	if len(s.Kinds) == 0 {
		return "nothing"
	}
	parts := make([]string, len(s.Kinds))
	for i, k := range s.Kinds {
		parts[i] = fmt.Sprintf("%d %s", k.Count, k.Kind)
	}
	return strings.Join(parts, ", ") + " in " + plural(s.Different, "account")
}

func comparedInWords(style style, s compare.Summary) string {
	verdict := strings.ToUpper(string(s.Verdict))
	if s.Verdict == compare.Equal {
		verdict = style.good(verdict)
	} else {
		verdict = style.bad(verdict)
	}
	text := fmt.Sprintf("%s: of %s %d are equal, %d differ", verdict, plural(s.Accounts, "account"), s.Equal, s.Different)
	if s.Unknown > 0 {
		text += fmt.Sprintf(", %d could not be looked at", s.Unknown)
	}
	text += fmt.Sprintf("; in %s", round(s.Ended.Sub(s.Begun)))
	if s.Resumed > 0 {
		text += fmt.Sprintf(", with %s", plural(s.Resumed, "interruption"))
	}
	return text
}

// WriteComparisonJSON writes the summary with all accounts, one a line, under by_account.
// It holds no more than one of them.
func WriteComparisonJSON(w io.Writer, s compare.Summary, accounts Accounts) error {
	var head bytes.Buffer
	if err := writeJSON(&head, s); err != nil {
		return err
	}
	open := bytes.TrimSuffix(bytes.TrimRight(head.Bytes(), "\n"), []byte("\n}"))
	if _, err := fmt.Fprintf(w, "%s,\n  \"by_account\": [", open); err != nil {
		return err
	}
	separator := "\n    "
	err := accounts(func(a compare.Account) error {
		line, err := json.Marshal(a)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%s", separator, line)
		separator = ",\n    "
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n  ]\n}\n")
	return err
}
