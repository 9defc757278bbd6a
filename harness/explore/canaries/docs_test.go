package canaries_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

const (
	root     = "../../.."
	document = root + "/docs/canaries.md"
)

const aboutCanaries = `# Canaries

A canary is a bug that is planted on purpose: in the simulated servers, in a detector, in
a restorer, or in the engine that carries out what a restorer plans. Exploration does not
know of it, and has to find it; one that survives is a hole in the properties, in the
generator of plans, or in the detectors.

` + "```" + `
make canaries                                                    # all of them, each within 60 s
go test ./harness/explore/canaries                               # the plans below, and today's share of the hunt
go test ./harness/explore/canaries -only NAME -v                 # one
go test ./harness/explore/canaries -all -write -run Exploration  # what is kept of the hunt; then, for this file, -write -run Document
` + "```" + `

Each is hunted with the drills of one seed, in their order: of four, one may have all that
there is, one leans towards faults that detectors look for, and two lean towards the
incident of 2006 and what users seldom do. It is dead when a property is
broken, a detector finds something where nothing was broken, or one that has looked says
nothing of damage that it has to claim, *and* all of that drill passes without the canary.
What is judged is what exploration promises of the plan; two canaries are held to one
property in any case, since of plans that expire tombstones too little is promised. The
plan is then made as small as it can. How many drills it took is said as of when that was
written down: the generator of plans has changed since, perhaps. A test runs each of these plans with its canary
and without.

A day's share is every twelfth canary, beginning with the number of the day in the year;
'-share N' hunts that of another day.

Nothing but a test can plant one. Bugs of detectors, restorers and the engine are wrapped
around them by the test itself (drill.Logic). Those of the simulated servers are a line
each in the model, which compares two bytes where nothing is planted; to make a value that
plants one takes a testing.TB (harness/canary).

`

const aboutOthers = `
## Found by the model's own tests alone

These bugs of the model are found by 'go test ./sim', as all of its others are
(sim/promises_test.go). They are no canaries, since drawn plans do not get as far:

| bug | why not |
|---|---|
| DELETE takes along the mailboxes whose names begin alike | users seldom have mailboxes whose names begin alike |
| a mailbox that is made anew has the UIDVALIDITY of the one that had its name | no name is given twice in a drill |
| what an account has seen of others' mail is replicated as its owner's | users do not read what others share with them, so no detector of that can be tried either |
| reconstruct makes an index anew, and keeps UIDVALIDITY | a mailbox is rebuilt before users have seen it on that server; what they saw on the other one is reported (client-caches) |
| reconstruct sets the last UID back to that of the last message | the same |

## A hole that is known

A restore.MergeSettings that leaves out what users have unsubscribed survived 6,000 drills
held to state-kept: users unsubscribe too seldom from what the replica has as subscribed.
It is no canary as long as that is so.
`

// written is docs/canaries.md, of what is kept.
func written(t testing.TB) []byte {
	t.Helper()
	kills := readKept(t)
	var out bytes.Buffer
	out.WriteString(aboutCanaries)
	fmt.Fprintf(&out, "There are %d.\n\n| canary | what is wrong | where | killed by | drills |\n|---|---|---|---|---|\n", len(birds()))
	for _, b := range birds() {
		k := kills[b.name]
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s | %s | %d |\n", b.name, b.name, b.what, b.where, by(k), k.Drills)
	}
	out.WriteString(aboutOthers)
	out.WriteString("\n## The smallest plans\n\nEach lies, whole, in harness/explore/canaries/testdata.\n")
	for _, b := range birds() {
		k := kills[b.name]
		fmt.Fprintf(&out, "\n### %s\n\n%s: %s\n\n", b.name, by(k), inOneLine(k.Says))
		if b.drill != nil {
			fmt.Fprintf(&out, "It takes no plan: drill %d of costly_test.go, a restore on a server that takes time for each byte.\n", k.Drills-1)
			continue
		}
		fmt.Fprintf(&out, "```yaml\n%s```\n", stepsOf(readPlan(t, b.name)))
	}
	return out.Bytes()
}

// by says in words what killed a canary.
func by(k kept) string {
	if k.Sort == missedDamage {
		return fmt.Sprintf("%s: missed", k.By)
	}
	return fmt.Sprintf("%s: %s", k.Sort, k.By)
}

func inOneLine(text string) string {
	const longest = 200
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// stepsOf returns a plan's seed, pair, accounts and steps.
func stepsOf(p *plan.Plan) string {
	_, text, _ := strings.Cut(string(plan.Format(p)), "\nseed: ")
	text, _, _ = strings.Cut(text, "\nexpect:")
	return "seed: " + text + "\n"
}

func TestDocument(t *testing.T) {
	want := written(t)
	if *write {
		if err := os.WriteFile(document, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/canaries.md is not what is kept (go test ./harness/explore/canaries -write -run Document):\n%s", diff)
	}
}

// What makes a value that plants a bug, and what takes one, is called by tests alone.
func TestOnlyTestsPlant(t *testing.T) {
	looked := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		looked++
		if plants := planting(t, path, nil); len(plants) > 0 {
			t.Errorf("%s: %v", path, plants)
		}
		return nil
	})
	if err != nil || looked < 100 {
		t.Errorf("%d files, %v", looked, err)
	}
	if got := planting(t, "planted.go", "package p; var x = sim.WithBug(canary.Plant(nil, 1))"); len(got) != 2 {
		t.Errorf("of two calls that plant a bug these are seen: %v", got)
	}
}

// planting returns the calls in a file that plant a bug.
func planting(t testing.TB, path string, source any) (calls []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := s.X.(*ast.Ident); ok && (of.Name == "canary" && s.Sel.Name == "Plant" || s.Sel.Name == "WithBug") {
				calls = append(calls, of.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return calls
}
