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
func As(w io.Writer, p *plan.Plan, format string) error {
	switch format {
	case "sh":
		return Shell(w, p)
	case "cassandane":
		return Cassandane(w, p)
	}
	return fmt.Errorf("no such format: %q; known: %s", format, strings.Join(Formats(), ", "))
}

// Shell writes a plan as a bash script; its head says what it needs. What cannot be
// exported is a [plan.Errors], and nothing is written then.
func Shell(w io.Writer, p *plan.Plan) error { return write(w, p, "sh", shellText, shellLine) }

// Cassandane writes a plan as a Perl module that is a test of Cassandane's. What cannot be
// exported is a [plan.Errors], and nothing is written then.
func Cassandane(w io.Writer, p *plan.Plan) error {
	return write(w, p, "cassandane", cassandaneText, perlLine)
}

// write fills in a template, in which each act is a line or a few.
func write(w io.Writer, p *plan.Plan, name, text string, line func(act) string) error {
	e, err := translate(p)
	if err != nil {
		return err
	}
	var steps []string
	for _, a := range e.acts {
		steps = append(steps, line(a))
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

func shellLine(a act) string {
	switch a.kind {
	case actComment:
		return "# " + a.text
	case actDeliver:
		return fmt.Sprintf("deliver %d %s %s", a.server, a.account, strings.Join(a.markers, " "))
	case actAppend:
		return fmt.Sprintf("append %d %s %s", a.server, a.account, strings.Join(a.markers, " "))
	case actExpunge:
		return fmt.Sprintf("expunge %d %s %s %d", a.server, a.account, age(a.newest), a.count)
	case actWait:
		return fmt.Sprintf("await_replication %d", a.seconds)
	case actStopReplication:
		return fmt.Sprintf("stop_replication %d", a.server)
	case actKill:
		return fmt.Sprintf("kill_server %d", a.server)
	case actPromote:
		return fmt.Sprintf("# From now on users go to server %d. Nobody is left to replicate to.", a.server)
	case actCutIndex:
		return fmt.Sprintf("cut_index %d %s", a.server, a.account)
	case actRemoveIndex:
		return fmt.Sprintf("remove_index %d %s", a.server, a.account)
	}
	return ""
}

func age(newest bool) string {
	if newest {
		return "newest"
	}
	return "oldest"
}

func perlLine(a act) string {
	words := func() string { return "qw(" + strings.Join(a.markers, " ") + ")" }
	switch a.kind {
	case actComment:
		return "# " + a.text
	case actDeliver:
		return fmt.Sprintf("$self->arrive(%d, '%s', 'deliver', %s);", a.server, a.account, words())
	case actAppend:
		return fmt.Sprintf("$self->arrive(%d, '%s', 'append', %s);", a.server, a.account, words())
	case actExpunge:
		return fmt.Sprintf("$self->expunge(%d, '%s', '%s', %d);", a.server, a.account, age(a.newest), a.count)
	case actWait:
		return "$self->replicate();"
	case actStopReplication:
		return "# Replication stops here: nothing is replicated before the next call that does."
	case actKill:
		return fmt.Sprintf("$self->server(%d)->stop(); # in order: what was acknowledged is on its disk either way", a.server)
	case actPromote:
		return fmt.Sprintf("# From now on users go to server %d. Nobody is left to replicate to.", a.server)
	case actCutIndex:
		return fmt.Sprintf("truncate($self->index_of(%d, '%s'), 64) or die \"cutting off an index: $!\";", a.server, a.account)
	case actRemoveIndex:
		return fmt.Sprintf("unlink($self->index_of(%d, '%s')) or die \"removing an index: $!\";", a.server, a.account)
	}
	return ""
}
