package plan

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Format prints the plan in the canonical form, with every default written
// out. [Parse] reads it back to an equal plan, places aside. A duration is
// printed in whole milliseconds. Comments of the file that the plan was read
// from are not kept.
func Format(p *Plan) []byte {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("apiVersion: %s", quote(p.APIVersion))
	line("name: %s", quote(p.Name))
	line("title: %s", quote(p.Title))
	if p.Description != "" {
		line("description: %s", quoteText(p.Description))
	}
	line("seed: %d", p.Seed)
	line("pair: {cyrus: %s, repeatInterval: %s}", quote(p.Pair.Cyrus), formatDuration(p.Pair.RepeatInterval))
	line("accounts: %s", quoteList(p.Accounts))
	line("steps:")
	for _, s := range p.Steps {
		line("  - %s", formatStep(s))
	}
	if p.Fails != nil {
		line("fails: %s", formatFails(*p.Fails))
	}
	line("expect:")
	line("  marks: %s", quoteList(refNames(p.Expect.Marks)))
	line("  properties: %s", quoteList(refNames(p.Expect.Properties)))
	return []byte(out.String())
}

func formatStep(s Step) string {
	switch s.Kind {
	case KindDeliver:
		return fmt.Sprintf("deliver: {to: %s, count: %d}", quoteList(s.Deliver.To), s.Deliver.Count)
	case KindAppend:
		return fmt.Sprintf("append: {account: %s, mailbox: %s, count: %d}", quote(s.Append.Account), quote(s.Append.Mailbox), s.Append.Count)
	case KindExpunge:
		return fmt.Sprintf("expunge: {account: %s, mailbox: %s, which: %s, count: %d}",
			quote(s.Expunge.Account), quote(s.Expunge.Mailbox), s.Expunge.Which, s.Expunge.Count)
	case KindWait:
		return fmt.Sprintf("wait: {until: %s, within: %s}", s.Wait.Until, formatDuration(s.Wait.Within))
	case KindFault:
		return formatFault(*s.Fault)
	case KindPromote:
		return fmt.Sprintf("promote: {server: %s}", s.Promote.Server)
	case KindRescue:
		return fmt.Sprintf("rescue: {server: %s}", s.Rescue.Server)
	case KindDetect:
		return fmt.Sprintf("detect: {detector: %s, sides: %s}", quote(s.Detect.Detector.Name), s.Detect.Sides)
	case KindRestore:
		return fmt.Sprintf("restore: {restorer: %s, policy: %s, workers: %d, kills: %d, rivals: %d, outages: %d}",
			quote(s.Restore.Restorer.Name), s.Restore.Policy, s.Restore.Workers, s.Restore.Kills, s.Restore.Rivals, s.Restore.Outages)
	case KindSeed:
		return fmt.Sprintf("seed: {mailboxes: %d, messages: %d}", s.Seed.Mailboxes, s.Seed.Messages)
	case KindWork:
		return formatWork(*s.Work)
	case KindRules:
		return fmt.Sprintf("rules: {accounts: %s}", quoteList(s.Rules.Accounts))
	case KindClock:
		return fmt.Sprintf("clock: {advance: %s}", formatDuration(s.Clock.Advance))
	case KindExpire:
		return fmt.Sprintf("expire: {server: %s}", s.Expire.Server)
	case KindResync:
		return fmt.Sprintf("resync: {server: %s}", s.Resync.Server)
	default:
		return string(s.Kind) // freeze and failback have no parameters
	}
}

func formatFault(f Fault) string {
	which := "name: " + quote(f.Name.Name)
	if len(f.Any) > 0 {
		weights := make([]string, len(f.Any))
		for i, w := range f.Any {
			weights[i] = fmt.Sprintf("%s: %d", quote(w.Fault.Name), w.Weight)
		}
		which = "any: {" + strings.Join(weights, ", ") + "}"
	}
	much := ""
	if f.By > 0 {
		much += ", by: " + formatDuration(f.By)
	}
	if f.Rate > 0 {
		much += fmt.Sprintf(", rate: %d", f.Rate)
	}
	if f.Loss > 0 {
		much += fmt.Sprintf(", loss: %d", f.Loss)
	}
	return fmt.Sprintf("fault: {%s, on: %s, accounts: %s, count: %d%s}", which, f.On, quoteList(f.Accounts), f.Count, much)
}

func formatFails(f Fails) string {
	parts := []string{"cyrus: " + quote(f.Cyrus.String())}
	for _, list := range []struct {
		key  string
		refs []Ref
	}{{"properties", f.Properties}, {"marks", f.Marks}} {
		if len(list.refs) > 0 {
			parts = append(parts, list.key+": "+quoteList(refNames(list.refs)))
		}
	}
	if f.Step != "" {
		parts = append(parts, "step: "+string(f.Step), "saying: "+quote(f.Saying))
	}
	parts = append(parts, "because: "+quote(f.Because))
	if f.Fix != "" {
		parts = append(parts, "fix: "+doubleQuote(f.Fix)) // its digits may look like a number
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func formatWork(w Work) string {
	only := ""
	if len(w.Only) > 0 {
		only = ", only: " + quoteList(w.Only)
	}
	return fmt.Sprintf("work: {accounts: %s, operations: %d%s}", quoteList(w.Accounts), w.Operations, only)
}

func refNames(refs []Ref) []string {
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = ref.Name
	}
	return names
}

var (
	// plainText needs no quotes, unless some YAML reader takes it for a value
	// of another type.
	plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/-]*( [A-Za-z0-9._/-]+)*$`)
	otherType = regexp.MustCompile(`^(?i:null|true|false|yes|no|on|off|y|n)$`)
	// blockLine is a line that a literal block gives back as it is.
	blockLine = regexp.MustCompile(`^( *[^\s\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]*[^\s\p{C}\p{Z}])?)?$`)
)

// quote prints a string on one line, in double quotes where it needs them.
func quote(s string) string {
	if plainText.MatchString(s) && !otherType.MatchString(s) {
		return s
	}
	return doubleQuote(s)
}

// doubleQuote escapes whatever a reader or a terminal could take for something
// else.
func doubleQuote(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case !unicode.IsPrint(r) && r <= 0xffff:
			fmt.Fprintf(&out, `\u%04X`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&out, `\U%08X`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}

func quoteList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quoteText prints a text of several lines as a literal block where that gives
// it back exactly, and in double quotes where it does not.
func quoteText(s string) string {
	body, ended := strings.CutSuffix(s, "\n")
	lines := strings.Split(body, "\n")
	if !ended || lines[0] == "" || lines[0][0] == ' ' || lines[len(lines)-1] == "" {
		return quote(s)
	}
	var out strings.Builder
	out.WriteByte('|')
	for _, line := range lines {
		if !blockLine.MatchString(line) {
			return quote(s)
		}
		out.WriteByte('\n')
		if line != "" {
			out.WriteString("  " + line)
		}
	}
	return out.String()
}
