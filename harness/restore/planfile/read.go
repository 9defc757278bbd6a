package planfile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// APIVersion is the version of the format.
const APIVersion = "cyrdrill.restore/v1"

// Read reads a plan. The first thing that is wrong with it is an [Error].
func Read(file string, text []byte) (restore.Plan, error) {
	root, err := parse(file, text)
	if err != nil {
		return restore.Plan{}, err
	}
	d := &decoder{reader: &reader{file: file, text: text}}
	p := d.plan(root)
	if d.err != nil {
		return restore.Plan{}, d.err
	}
	return p, nil
}

// decoder turns a tree into a plan, and keeps the first complaint.
type decoder struct {
	*reader
	err error
}

func (d *decoder) complain(at int, format string, args ...any) {
	if d.err == nil {
		d.err = d.wrong(at, format, args...)
	}
}

// object hands each field of an object to who knows it.
func (d *decoder) object(n *node, what string, known map[string]func(*node)) {
	if !n.object {
		d.complain(n.at, "%s must be an object, not %s", what, n.describe())
		return
	}
	for _, f := range n.fields {
		take, ok := known[f.name]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			hint := "known: " + strings.Join(names, ", ")
			if near, ok := document.Nearest(f.name, names); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			d.complain(f.at, "unknown field %q of %s; %s", f.name, what, hint)
			return
		}
		take(f.value)
	}
}

// list hands each item of a list to a function.
func (d *decoder) list(what string, each func(*node)) func(*node) {
	return func(n *node) {
		if !n.list {
			d.complain(n.at, "%s must be a list, not %s", what, n.describe())
		}
		for _, item := range n.items {
			each(item)
		}
	}
}

func (d *decoder) text(what string, into *string) func(*node) {
	return func(n *node) {
		v, ok := n.value.(string)
		if !ok {
			d.complain(n.at, "%s must be a text, not %s", what, n.describe())
		}
		*into = v
	}
}

func (d *decoder) number(what string, into *uint32) func(*node) {
	return func(n *node) {
		v, _ := n.value.(json.Number)
		parsed, err := strconv.ParseUint(v.String(), 10, 32)
		if err != nil {
			d.complain(n.at, "%s must be a whole number below 2^32, not %s", what, n.describe())
		}
		*into = uint32(parsed)
	}
}

func (d *decoder) plan(root *node) (p restore.Plan) {
	var version, policy string
	d.object(root, "the plan", map[string]func(*node){
		"apiVersion": d.text("apiVersion", &version),
		"restorer":   d.text("restorer", &p.Restorer),
		"policy":     d.text("policy", &policy),
		"accounts":   d.list("accounts", func(n *node) { d.account(n, &p) }),
	})
	switch {
	case version != APIVersion:
		d.complain(d.where(root, "apiVersion"), "it must be a plan of apiVersion %q, not %q", APIVersion, version)
	case p.Restorer == "":
		d.complain(d.where(root, "restorer"), "it does not say which restorer made it")
	case policy != "" && !slices.Contains(restore.Policies(), restore.Policy(policy)):
		d.complain(d.where(root, "policy"), "unknown policy %q; known: %s", policy, strings.Trim(fmt.Sprint(restore.Policies()), "[]"))
	}
	p.Policy = restore.Policy(policy)
	return p
}

// where is the place of a field's value, or of the object that lacks it.
func (d *decoder) where(n *node, name string) int {
	for _, f := range n.fields {
		if f.name == name {
			return f.value.at
		}
	}
	return n.at
}

func (d *decoder) account(n *node, p *restore.Plan) {
	var name string
	d.object(n, "an account", map[string]func(*node){
		"account": d.text("account", &name),
		"saw":     func(*node) {},
		"parts":   func(*node) {},
	})
	if name == "" {
		d.complain(d.where(n, "account"), "an account has no name")
	}
	for _, f := range n.fields {
		switch f.name {
		case "saw":
			d.list("saw", func(n *node) { p.Saw = append(p.Saw, d.sight(n, name)) })(f.value)
		case "parts":
			d.list("parts", func(n *node) { d.part(n, name, p) })(f.value)
		}
	}
}

func (d *decoder) sight(n *node, account string) restore.Sight {
	s := restore.Sight{Account: account}
	d.object(n, "what was seen of a mailbox", map[string]func(*node){
		"mailbox": d.text("mailbox", &s.Mailbox), "uniqueid": d.text("uniqueid", &s.UniqueID),
		"uidvalidity": d.number("uidvalidity", &s.UIDValidity), "last_uid": d.number("last_uid", &s.LastUID),
	})
	if s.UniqueID == "" {
		d.complain(n.at, "what was seen of a mailbox lacks its uniqueid")
	}
	return s
}

func (d *decoder) part(n *node, account string, p *restore.Plan) {
	var mailbox string
	d.object(n, "a part", map[string]func(*node){"mailbox": d.text("mailbox", &mailbox), "actions": func(*node) {}})
	for _, f := range n.fields {
		if f.name == "actions" {
			d.list("actions", func(n *node) { p.Actions = append(p.Actions, d.action(n, account, mailbox)) })(f.value)
		}
	}
}

func (d *decoder) action(n *node, account, mailbox string) restore.Action {
	a := restore.Action{Account: account, Mailbox: mailbox}
	var act string
	comment := func(*node) {}
	texts := func(what string, into *[]string) func(*node) {
		return d.list(what, func(n *node) {
			var text string
			d.text("each of "+what, &text)(n)
			*into = append(*into, text)
		})
	}
	d.object(n, "an action", map[string]func(*node){
		"act": d.text("act", &act), "why": d.text("why", &a.Why), "evidence": comment, "confidence": d.confidence(&a.Doubtful), "clients": comment,
		"from": d.text("from", &a.From), "to": d.text("to", &a.To), "uid": d.number("uid", &a.UID), "guid": d.text("guid", &a.GUID),
		"size": d.number("size", &a.Size), "flags": texts("flags", &a.Flags), "add": texts("add", &a.Add), "remove": texts("remove", &a.Remove),
		"internaldate": d.date(&a.InternalDate), "name": d.text("name", &a.Name), "value": d.text("value", &a.Value), "was": d.text("was", &a.Was),
	})
	a.Act = restore.Act(act)
	if field, problem := a.Wrong(); problem != "" {
		d.complain(d.where(n, field), "%s: %s %s", act, field, problem)
	}
	return a
}

func (d *decoder) date(into *time.Time) func(*node) {
	return func(n *node) {
		text, _ := n.value.(string)
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			d.complain(n.at, "internaldate must be a time as %q, not %s", "2026-01-05T08:00:00Z", n.describe())
		}
		*into = at
	}
}

func (d *decoder) confidence(doubtful *bool) func(*node) {
	return func(n *node) {
		switch n.value {
		case "certain":
		case "doubtful":
			*doubtful = true
		default:
			d.complain(n.at, "confidence must be \"certain\" or \"doubtful\", not %s", n.describe())
		}
	}
}
