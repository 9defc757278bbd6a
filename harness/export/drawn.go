package export

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// drawn writes down what users draw in a step: what they do in a rehearsal of the plan up
// to it that they do not in one up to the step before.
func (e *exporter) drawn(at int, pos plan.Pos) {
	if e.rehearse == nil {
		e.refuse(pos, "what users draw: there is nothing to rehearse it on")
		return
	}
	before, err := e.rehearse(upTo(e.plan, at))
	if err != nil {
		e.refuse(pos, "what users draw: %s", err)
		return
	}
	all, err := e.rehearse(upTo(e.plan, at+1))
	if err != nil {
		e.refuse(pos, "what users draw: %s", err)
		return
	}
	names := named(all)
	for _, entry := range all[len(before):] {
		if !e.entry(entry, names) {
			e.refuse(pos, "what %s draws here: %s in %s; only mail in an INBOX is looked after", entry.Account, entry.Op, entry.Mailbox)
			return
		}
	}
}

// upTo is a plan's first steps, which promise nothing.
func upTo(p *plan.Plan, steps int) *plan.Plan {
	part := p.Clone()
	part.Steps, part.Expect, part.Fails = part.Steps[:steps], plan.Expect{}, nil
	return part
}

// named maps the messages of a rehearsal to the names that they have here.
func named(entries []traffic.Entry) map[string]string {
	names, sent := map[string]string{}, map[string]int{}
	for _, entry := range entries {
		if (entry.Op == traffic.OpDeliver || entry.Op == traffic.OpAppend) && !entry.Again {
			sent[entry.Account]++
			names[entry.Marker] = marker(entry.Account, sent[entry.Account])
		}
	}
	return names
}

// entry turns what a user did into an act; false where it cannot be one.
func (e *exporter) entry(entry traffic.Entry, names map[string]string) bool {
	on := act{server: e.serving, account: entry.Account}
	switch entry.Op {
	case traffic.OpPutScript:
		on.kind, on.text = actScript, entry.Value
		e.elsewhere[entry.Account] = true // in a drill rules file mail by its topic
	case traffic.OpActivate:
		return true // is done where the script is stored
	case traffic.OpDeliver, traffic.OpAppend, traffic.OpFlag, traffic.OpExpunge:
		if entry.Mailbox != traffic.Inbox {
			return false
		}
		on = e.onMessage(on, entry, names[entry.Marker])
	default:
		on.kind, on.words = actUser, commandOf(entry)
		if entry.Op == traffic.OpSetQuota {
			on.kind = actAdmin
		}
		if on.words == nil {
			return false
		}
	}
	e.add(on)
	return true
}

func (e *exporter) onMessage(on act, entry traffic.Entry, name string) act {
	on.markers = []string{name}
	switch entry.Op {
	case traffic.OpDeliver:
		on.kind, on.markers = actDeliver, e.markers(entry.Account, 1)
	case traffic.OpAppend:
		on.kind, on.markers = actAppend, e.markers(entry.Account, 1)
	case traffic.OpExpunge:
		on.kind = actExpungeMessage
	case traffic.OpFlag:
		on.kind, on.words = actFlag, []string{"+FLAGS.SILENT", strings.Join(entry.Add, " ")}
		if len(entry.Remove) > 0 {
			on.words = []string{"-FLAGS.SILENT", strings.Join(entry.Remove, " ")}
		}
	}
	return on
}

// commandOf returns the words of an IMAP command on a mailbox; nil: there is none. A word
// that is a string begins with a quotation mark.
func commandOf(entry traffic.Entry) []string {
	mailbox := quoted(mailboxname.EncodeUTF7(entry.Mailbox))
	switch entry.Op {
	case traffic.OpCreate, traffic.OpDelete, traffic.OpSubscribe, traffic.OpUnsubscribe:
		return []string{strings.ToUpper(string(entry.Op)), mailbox}
	case traffic.OpRename:
		return []string{"RENAME", mailbox, quoted(mailboxname.EncodeUTF7(entry.To))}
	case traffic.OpSetACL:
		if entry.Value == "" {
			return []string{"DELETEACL", mailbox, entry.Name}
		}
		return []string{"SETACL", mailbox, entry.Name, entry.Value}
	case traffic.OpSetAnnotation:
		return []string{"SETMETADATA", mailbox, "(", entry.Name, quoted(entry.Value), ")"}
	case traffic.OpSetQuota:
		return []string{"SETQUOTA", quoted("user/" + entry.Account), "(", "STORAGE", entry.Value, ")"}
	}
	return nil
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// hooks returns the names of what whoever runs the script has to say beside where the
// servers are.
func (e exported) hooks() []string {
	var names []string
	need := func(name string, server int) { names = append(names, name+string(rune('0'+server))) }
	for _, a := range e.acts {
		switch a.kind {
		case actKill:
			need("KILL", a.server)
		case actHook:
			need(a.words[0], a.server)
		case actReadOnly:
			need("ROOT", a.server)
		case actPromote:
			if len(a.words) > 0 {
				need(a.words[0], a.server)
			}
		case actResync:
			need("EMPTY", 3-a.server)
			need("MASTER", a.server)
		case actScript:
			need("SIEVE", a.server)
		case actCrashes:
			names = append(names, "LOG1", "LOG2")
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
