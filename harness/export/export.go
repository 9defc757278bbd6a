package export

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

//go:embed sh.tmpl
var shellText string

//go:embed cassandane.tmpl
var cassandaneText string

// Formats are the names of what a plan can be exported as.
func Formats() []string { return []string{"sh", "cassandane"} }

// As writes a plan in a format of [Formats].
func As(w io.Writer, p *plan.Plan, format string, rehearse Rehearsal) error {
	switch format {
	case "sh":
		return Shell(w, p, rehearse)
	case "cassandane":
		return Cassandane(w, p, rehearse)
	}
	return fmt.Errorf("no such format: %q; known: %s", format, strings.Join(Formats(), ", "))
}

// Shell writes a plan as a bash script; its head says what it needs. What cannot be
// exported is a [plan.Errors], and nothing is written then.
func Shell(w io.Writer, p *plan.Plan, rehearse Rehearsal) error {
	return write(w, p, rehearse, "sh", shellText, shellLine)
}

// Cassandane writes a plan as a Perl module that is a test of Cassandane's. What cannot be
// exported is a [plan.Errors], and nothing is written then.
func Cassandane(w io.Writer, p *plan.Plan, rehearse Rehearsal) error {
	return write(w, p, rehearse, "cassandane", cassandaneText, perlLine)
}

// write fills in a template, in which each act is a line or a few.
func write(w io.Writer, p *plan.Plan, rehearse Rehearsal, name, text string, line func(act) string) error {
	e, err := translate(p, rehearse)
	if err != nil {
		return err
	}
	var steps []string
	for _, a := range e.acts {
		if said := line(a); said != "" {
			steps = append(steps, said)
		}
	}
	page, err := template.New(name).Parse(text)
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{
		"Name": p.Name, "Title": p.Title, "Story": commented(p.Description), "Accounts": strings.Join(p.Accounts, " "),
		"Package": camel(p.Name), "Test": strings.ReplaceAll(p.Name, "-", "_"), "Steps": steps, "Serving": e.serving,
		"Loss": e.expects("no-loss"), "Resurrection": e.expects("no-resurrection"), "Doubles": e.expects("no-doubles"),
		"Access": e.expects("access"), "Convergence": e.expects("convergence"),
		"Crashes": e.does(actCrashes), "Hooks": e.hooks(), "Because": because(p), "Sieve": e.does(actScript),
		"ReadOnly": e.does(actReadOnly), "Resync": e.does(actResync), "Harm": e.does(actHarm), "Foreign": e.does(actForeignLine),
	})
}

// commented puts a text into comments.
func commented(text string) string {
	if text == "" {
		return ""
	}
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		out.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	return out.String()
}

// camel makes a Perl package's name of a plan's: "NoLossAfterProcessKilled".
func camel(name string) string {
	var out strings.Builder
	for _, word := range strings.Split(name, "-") {
		out.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return out.String()
}

// because says which bug of Cyrus's a plan shows, in a comment.
func because(p *plan.Plan) string {
	if p.Fails == nil {
		return ""
	}
	text := "# Cyrus " + p.Fails.Cyrus.String() + " breaks a promise here: " + p.Fails.Because
	if p.Fails.Fix != "" {
		text += " (fixed by " + p.Fails.Fix + ")"
	}
	return text + "\n#\n"
}
