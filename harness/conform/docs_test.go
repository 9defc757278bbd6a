package conform_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// factSections are those of docs/cyrus.md whose rows the simulator has to show.
var factSections = []string{
	"Rolling replication", "Faults, and what they look like", "Repairs that destroy", "Tools that say all is well",
	"Deleted, or never replicated?", "Failover and back", "What only looking does", "The sync protocol",
}

// Each plan that is kept stands in docs/conformance.md, in a table's last column, and
// each plan and test that stands there is one.
func TestDocumentationListsEveryKeptPlan(t *testing.T) {
	text := document(t, "conformance.md")
	_, text, _ = strings.Cut(text, "\n## Facts about Cyrus")
	kept, tests := keptPlans(t), testsOfThisModule(t)
	listed := map[string]bool{}
	for _, row := range tableRows(text) {
		last := row[len(row)-1]
		if reason, none := strings.CutPrefix(last, "not compared, because "); none {
			if reason == "" {
				t.Errorf("nothing says why %q is not compared", row[0])
			}
			continue
		}
		for by := range strings.SplitSeq(last, ", ") {
			listed[by] = true
			name, isTest := strings.CutPrefix(strings.TrimSuffix(by, "`"), "`")
			if _, isPlan := kept[by]; !isPlan && !(isTest && tests[name]) {
				t.Errorf("%q is held by %q, which is no plan that is kept, and no test", row[0], by)
			}
		}
	}
	for name := range kept {
		if !listed[name] {
			t.Errorf("%s is kept, and docs/conformance.md does not say what it shows", name)
		}
	}
	for _, name := range regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
		if !tests[name[1]] {
			t.Errorf("docs/conformance.md names %s, and there is no such test", name[1])
		}
	}
}

// Each row of docs/cyrus.md stands in docs/conformance.md, in the section of the same
// name, with what compares it on both targets, or why nothing does; and no other does.
func TestDocumentationHoldsEachFactAgainstBothTargets(t *testing.T) {
	facts, held := document(t, "cyrus.md"), document(t, "conformance.md")
	for _, name := range factSections {
		rows := map[string]bool{}
		for _, row := range rowNames(t, section(t, facts, "## "+name)) {
			if rows[row] {
				t.Errorf("%s of docs/cyrus.md has two rows %q", name, row)
			}
			rows[row] = true
		}
		listed := map[string]bool{}
		for _, row := range tableRows(section(t, held, "### "+name)) {
			if len(row) == 3 { // another table is about what stands in no row
				listed[row[0]] = true
			}
		}
		for _, row := range slices.Sorted(maps.Keys(rows)) {
			if !listed[row] {
				t.Errorf("%s of docs/conformance.md does not say what holds %q", name, row)
			}
		}
		for _, row := range slices.Sorted(maps.Keys(listed)) {
			if !rows[row] {
				t.Errorf("%s of docs/cyrus.md has no row %q", name, row)
			}
		}
	}
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section returns what stands under a heading, up to the next one.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(text, "\n"+heading+"\n")
	if !found {
		t.Fatalf("there is no %q", heading)
	}
	if next := regexp.MustCompile(`(?m)^##`).FindStringIndex(text); next != nil {
		text = text[:next[0]]
	}
	return text
}

// tableRows returns the cells of all rows of a text's tables, without their heads.
func tableRows(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "|---") {
			rows = rows[:len(rows)-1]
		} else if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(line, "|"), " |")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

var (
	boldHead = regexp.MustCompile(`^\*\*([^*]+?)[.:,]?\*\*`)
	marks    = strings.NewReplacer(" ✓", "", " (*read*)", "")
)

// rowNames returns the names of a section's rows: tables' first cells without marks, and
// the bold words that items of lists begin with.
func rowNames(t *testing.T, text string) []string {
	t.Helper()
	var names []string
	for _, row := range tableRows(text) {
		names = append(names, marks.Replace(row[0]))
	}
	for _, item := range strings.Split(text, "\n- ")[1:] {
		head := boldHead.FindStringSubmatch(item)
		if head == nil {
			t.Errorf("an item without a name: %.60q", item)
			continue
		}
		names = append(names, strings.Join(strings.Fields(head[1]), " "))
	}
	return names
}

// testsOfThisModule returns the names of all tests that there are.
func testsOfThisModule(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range declared.FindAllSubmatch(text, -1) {
			tests[string(name[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
