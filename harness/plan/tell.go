package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tell prints a plan as a person writes one: without what the defaults say, and with a
// comment before each step (by number from 0) that has one. [Parse] reads it back to an
// equal plan, places aside.
func Tell(p *Plan, comments map[int]string) []byte {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("apiVersion: %s", quote(p.APIVersion))
	line("name: %s", quote(p.Name))
	line("title: %s\n", quote(p.Title))
	if p.Description != "" {
		line("description: %s\n", quoteText(p.Description))
	}
	line("seed: %d", p.Seed)
	line("pair: {cyrus: %s, repeatInterval: %s}", quote(p.Pair.Cyrus), formatDuration(p.Pair.RepeatInterval))
	line("accounts: %s\n", quoteList(p.Accounts))
	line("steps:")
	for i, s := range p.Steps {
		if comment := comments[i]; comment != "" {
			if i > 0 {
				line("")
			}
			for _, text := range strings.Split(comment, "\n") {
				line("  # %s", text)
			}
		}
		line("  - %s", tellStep(s, p.Accounts))
	}
	if p.Fails != nil {
		line("\nfails: %s", formatFails(*p.Fails))
	}
	line("\nexpect:")
	if len(p.Expect.Marks) > 0 {
		line("  marks: %s", quoteList(refNames(p.Expect.Marks)))
	}
	line("  properties: %s", quoteList(refNames(p.Expect.Properties)))
	return []byte(out.String())
}

// parameters collects those of a step's parameters that its defaults do not say.
type parameters []string

func (p *parameters) text(key, value, byDefault string) {
	if value != byDefault {
		*p = append(*p, key+": "+quote(value))
	}
}

func (p *parameters) number(key string, value, byDefault int) {
	if value != byDefault {
		*p = append(*p, fmt.Sprintf("%s: %d", key, value))
	}
}

func (p *parameters) duration(key string, value, byDefault time.Duration) {
	if value != byDefault {
		*p = append(*p, key+": "+formatDuration(value))
	}
}

// accounts are all of the plan's by default.
func (p *parameters) accounts(key string, some, all []string) {
	if !slices.Equal(some, all) {
		*p = append(*p, key+": "+quoteList(some))
	}
}

func tellStep(s Step, all []string) string {
	told := tellParameters(s, all)
	if len(told) > 0 {
		return fmt.Sprintf("%s: {%s}", s.Kind, strings.Join(told, ", "))
	}
	return string(s.Kind)
}

func tellParameters(s Step, all []string) (p parameters) {
	const zero, none = 0, ""
	switch s.Kind {
	case KindDeliver:
		p.accounts("to", s.Deliver.To, all)
		p.number("count", s.Deliver.Count, 1)
	case KindAppend:
		p.text("account", s.Append.Account, none)
		p.text("mailbox", s.Append.Mailbox, inbox)
		p.number("count", s.Append.Count, 1)
	case KindExpunge:
		p.text("account", s.Expunge.Account, none)
		p.text("mailbox", s.Expunge.Mailbox, inbox)
		p.text("which", string(s.Expunge.Which), string(Oldest))
		p.number("count", s.Expunge.Count, 1)
	case KindWait:
		p.text("until", string(s.Wait.Until), none)
		p.duration("within", s.Wait.Within, 30*time.Second)
	case KindFault:
		p = tellFault(*s.Fault, all)
	case KindPromote:
		p.text("server", string(s.Promote.Server), string(Replica))
	case KindRescue:
		p.text("server", string(s.Rescue.Server), string(OldMaster))
	case KindDetect:
		p.text("detector", s.Detect.Detector.Name, none)
		p.text("sides", string(s.Detect.Sides), string(PairNow))
	case KindRestore:
		p.text("restorer", s.Restore.Restorer.Name, none)
		p.text("policy", s.Restore.Policy, "restore")
		p.number("workers", s.Restore.Workers, 4)
		p.number("kills", s.Restore.Kills, zero)
		p.number("rivals", s.Restore.Rivals, zero)
		p.number("outages", s.Restore.Outages, zero)
	case KindSeed:
		p.number("mailboxes", s.Seed.Mailboxes, 5)
		p.number("messages", s.Seed.Messages, zero)
	case KindWork:
		p.accounts("accounts", s.Work.Accounts, all)
		p.number("operations", s.Work.Operations, zero)
		if len(s.Work.Only) > 0 {
			p = append(p, "only: "+quoteList(s.Work.Only))
		}
	case KindRules:
		p.accounts("accounts", s.Rules.Accounts, all)
	case KindClock:
		p.duration("advance", s.Clock.Advance, zero)
	case KindExpire:
		p.text("server", string(s.Expire.Server), string(Master))
	case KindResync:
		p.text("server", string(s.Resync.Server), string(OldMaster))
	}
	return p
}

func tellFault(f Fault, all []string) (p parameters) {
	if len(f.Any) > 0 {
		weights := make([]string, len(f.Any))
		for i, w := range f.Any {
			weights[i] = fmt.Sprintf("%s: %d", quote(w.Fault.Name), w.Weight)
		}
		p = append(p, "any: {"+strings.Join(weights, ", ")+"}")
	} else {
		p.text("name", f.Name.Name, "")
	}
	p = append(p, "on: "+string(f.On)) // its default is easily forgotten
	p.accounts("accounts", f.Accounts, all)
	p.number("count", f.Count, 1)
	p.duration("by", f.By, 0)
	p.number("rate", f.Rate, 0)
	p.number("loss", f.Loss, 0)
	return p
}
