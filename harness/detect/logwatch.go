package detect

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// LogWatch finds in Cyrus's syslog the lines that matter, by a table of what they look
// like and mean. It costs next to nothing, and sees only what some process of Cyrus has
// stumbled over: most damage is logged by nobody.
//
// It tells of all that was logged since the pair was made or reset, also of what is over:
// a detector has no memory. Each sort of trouble is told once for each place.
type LogWatch struct{}

// Name implements [Detector].
func (LogWatch) Name() string { return "log-watch" }

// Doc implements [Detector].
func (LogWatch) Doc() string { return "looks for the lines in Cyrus's syslog that matter, by a table" }

// Promise implements [Detector]. What is logged depends on what anybody was doing, so
// that little can be promised.
func (LogWatch) Promise() Promise { return atOnce(target.ProcessCrashed) }

// Detect implements [Detector].
func (d LogWatch) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	return scene.inLogs(ctx, d.Name(), findLogged)
}

// logged is one sort of trouble at one place.
type logged struct {
	rule  *logRule
	at    target.Place
	first string
	times int
}

// findLogged holds each line of a log against the table, and tells of each kind and place
// in the order of its first line.
func findLogged(server target.ServerName, log []byte) []Finding {
	type key struct {
		kind target.Kind
		at   target.Place
	}
	var all []*logged
	known := map[key]*logged{}
	rules := logRules()
	for line := range logLines(log) {
		rule, groups := ruleFor(rules, line)
		if rule == nil {
			continue
		}
		at := placeOf(server, rule.line, groups)
		k := key{rule.kind, at}
		if known[k] == nil {
			known[k] = &logged{rule: rule, at: at, first: line}
			all = append(all, known[k])
		}
		known[k].times++
	}
	var found []Finding
	for _, l := range all {
		if l.times < l.rule.times {
			continue
		}
		found = append(found, Finding{
			Kind: l.rule.kind, Place: l.at,
			Evidence: fmt.Sprintf("%s (logged %d times, at first: %.200s)", l.rule.means, l.times, l.first),
		})
	}
	return found
}

func ruleFor(rules []logRule, line string) (*logRule, []string) {
	for i := range rules {
		if groups := rules[i].line.FindStringSubmatch(line); groups != nil {
			return &rules[i], groups
		}
	}
	return nil, nil
}

// placeOf is what a line is about, as far as it says.
func placeOf(server target.ServerName, line *regexp.Regexp, groups []string) target.Place {
	at := target.Place{Server: server}
	for i, name := range line.SubexpNames() {
		switch name {
		case "account":
			at.Account = groups[i]
		case "mailbox":
			at.Account, at.Mailbox = ownerAndName(groups[i])
		case "uid":
			if uid, err := strconv.ParseUint(groups[i], 10, 32); err == nil {
				at.UID = uint32(uid)
			}
		}
	}
	return at
}

// ownerAndName returns whose mailbox it is that bears an internal name, and what it is
// called there. Of what is nobody's, such as a deleted mailbox, nothing is told.
func ownerAndName(internal string) (account, mailbox string) {
	rest, ok := strings.CutPrefix(internal, "user.")
	if !ok {
		return "", ""
	}
	encoded, _, _ := strings.Cut(rest, ".")
	account, err := mailboxname.DecodeUTF7(strings.ReplaceAll(encoded, "^", "."))
	if err != nil {
		return "", ""
	}
	mailbox, err = mailboxname.Owner(account, internal)
	if err != nil {
		return account, ""
	}
	return account, mailbox
}
