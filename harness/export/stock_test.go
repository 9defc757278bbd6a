package export_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/export"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

const restores = `the step "restore"`

// refused are the plans of the stock that cannot be exported, and what of each.
var refused = map[string][]string{
	"unreplicated-mail":          {restores, `the property "restore-repeatable"`, `the property "isolation"`},
	"replica-behind-and-corrupt": {restores},
	"quiet-days": {`the step "seed"`, "what alice draws here: expunge in INBOX/Bills", `the step "clock"`, `the property "state-kept"`,
		`the property "rules-current"`, `the property "imap-promises"`, `the property "looking-changes-nothing"`},
	"hung-master":                 {restores},
	"delivered-to-who-dies-of-it": {`the fault "last-uid-low"`, `the property "isolation"`},
	"found-twice":                 {`the fault "index-record-wiped"`, restores, `the property "restore-repeatable"`},
	"look-amid-replication":       {`the property "looking-changes-nothing"`},
	"made-below-renamed":          {restores, `the property "state-kept"`, `the property "restore-repeatable"`},
	"missed-before-rebuilt":       {restores, `the property "restore-repeatable"`},
	"rebuilt-old-master":          {`the fault "killed-amid-reconstruct"`, restores, `the property "state-kept"`},
	"second-incident":             {restores, `the step "failback"`, `the property "state-kept"`, `the property "restore-repeatable"`},
	"settings-made-since":         {restores, `the property "state-kept"`},
	"uid-of-another":              {`the fault "two-restores"`, restores, `the property "restore-repeatable"`},
}

func stock(t *testing.T, name string) *plan.Plan {
	t.Helper()
	text, err := scenarios.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Parse(scenarios.File(name), text, drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each plan of the stock is exported in both forms, or refused for what is listed.
func TestStock(t *testing.T) {
	known := maps.Clone(refused)
	for _, name := range slices.Concat(scenarios.Names(), scenarios.Regressions()) {
		t.Run(name, func(t *testing.T) {
			p := stock(t, name)
			parts, isRefused := refused[name]
			delete(known, name)
			err := export.Check(p, rehearse)
			if (err != nil) != isRefused {
				t.Fatalf("refused: %v; want %v", err, parts)
			}
			for _, part := range parts {
				if !strings.Contains(err.Error(), "cannot export "+part) {
					t.Errorf("it does not refuse %s:\n%s", part, err)
				}
			}
			if p.Fails != nil && isRefused {
				t.Error("it shows a bug of Cyrus's, and must be exported")
			}
			if err == nil {
				wantWellFormed(t, p)
			}
		})
	}
	if len(known) > 0 {
		t.Errorf("listed and not in the stock: %v", known)
	}
}

func wantWellFormed(t *testing.T, p *plan.Plan) {
	t.Helper()
	if said, status := tool(t, nil, "bash", "-n", exported(t, p, "sh")); status != 0 {
		t.Errorf("as sh: %s", said)
	}
	if said, status := tool(t, nil, "perl", "-Itestdata/perl", "-c", exported(t, p, "cassandane")); status != 0 {
		t.Errorf("as cassandane: %s", said)
	}
}

// everything is a plan of all that is exported but a resync.
const everything = `apiVersion: cyrdrill/v1
name: everything
title: All that can be written down
seed: 3
accounts: [alice, bob]
steps:
  - deliver: {count: 3}
  - work: {operations: 4, only: [setacl, create, subscribe, setannotation, setquota]}
  - work: {operations: 2, only: [flag]}
  - expunge: {account: alice, which: random}
  - expire
  - fault: {name: sync-log-foreign-line}
  - fault: {name: sync-client-killed, count: 2}
  - fault: {name: index-header-flipped, on: replica, accounts: [alice]}
  - fault: {name: index-zeroed, on: replica, accounts: [bob]}
expect:
  properties: [no-loss]
`

// What users draw is written as the commands that they give.
func TestDrawn(t *testing.T) {
	p := parse(t, everything)
	wantWellFormed(t, p)
	var out bytes.Buffer
	if err := export.As(&out, p, "sh", rehearse); err != nil {
		t.Fatal(err)
	}
	for _, beginning := range []string{"does 1 alice '", "flag 1 bob bob-000", "expunge_message 1 alice alice-000", "kill_sync_client 1 2",
		"foreign_line 1", "tool 1 cyr_expire -E 1 -X 0 -D 0", "harm 2 alice cyrus.index flipped 31", "harm 2 bob cyrus.index zeroed"} {
		if !strings.Contains(out.String(), "\n"+beginning) {
			t.Errorf("no line begins with %q", beginning)
		}
	}
	again := parse(t, everything)
	var second bytes.Buffer
	if err := export.As(&second, again, "sh", rehearse); err != nil || second.String() != out.String() {
		t.Errorf("another export says something else (%v)", err)
	}
	if t.Failed() {
		t.Log(out.String()[strings.Index(out.String(), "# What happens."):])
	}
}
