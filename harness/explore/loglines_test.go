package explore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// loggedBySim returns the format of each line that the simulator's Cyrus logs, with its
// verbs taken for words.
func loggedBySim(t *testing.T) (formats []string) {
	t.Helper()
	files, err := filepath.Glob("../../sim/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("the simulator's source is not there: ", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "logf" {
				if lit, ok := call.Args[0].(*ast.BasicLit); ok {
					text, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					formats = append(formats, text)
				}
			}
			return true
		})
	}
	return formats
}

// said elsewhere are formats whose words come by their arguments.
var bare = []string{"sync_client: %s", "%s[%d]: %s", "%s: IOERROR: %s failed: mailbox=<%s> error=<%s>", "master: process type:SERVICE name:%s path:/usr/lib/cyrus/bin/%s pid:%d %s", "master: process type:DAEMON name:syncclient path:/usr/lib/cyrus/bin/sync_client pid:%d %s"}

// Each line that the simulator can log has its row, and each row its line.
func TestLogLinesAreTheSimulators(t *testing.T) {
	formats := loggedBySim(t)
	if len(formats) < 30 {
		t.Fatalf("only %d lines were found in the simulator's source", len(formats))
	}
	used := map[string]bool{"M_RECORD": true, "signaled to death by": true, "bailing out!": true, "terminated abnormally": true}
	for _, format := range formats {
		found := false
		for _, line := range logLines() {
			if strings.Contains(format+"\n", line) {
				found, used[line] = true, true
			}
		}
		if !found && !contains(bare, format) {
			t.Errorf("the simulator logs %q, and no row stands for it", format)
		}
	}
	for _, line := range logLines() {
		if !used[line] {
			t.Errorf("nothing in the simulator logs %q", line)
		}
	}
}

func contains(list []string, s string) bool {
	for _, other := range list {
		if other == s {
			return true
		}
	}
	return false
}
