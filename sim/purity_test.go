package sim_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The simulator gives the same trace for the same seed on any machine. Whatever
// could bring in more than the seed is kept out of the package and of what it uses of
// the harness, file by file; only the order of a map's keys has to be watched by the
// tests that compare traces.
func TestNothingButTheSeedDecides(t *testing.T) {
	packages := map[string]map[string]string{".": {}}
	for _, pattern := range []string{"*.go", "../harness/target/*.go", "../harness/target/*/*.go", "../harness/canary/*.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, len(paths), err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			dir := filepath.Dir(path)
			if packages[dir] == nil {
				packages[dir] = map[string]string{}
			}
			packages[dir][path] = ""
		}
	}
	for dir, sources := range packages {
		found, err := impurities(sources)
		if err != nil || len(sources) == 0 {
			t.Fatal(dir, len(sources), err)
		}
		for _, f := range found {
			if !strings.Contains(f, allowed) {
				t.Error(f)
			}
		}
	}
}

// allowed is how a wait is bounded on real servers: target.Within does nothing of the
// sort where time is virtual.
const allowed = "target/time.go:30:9: context.WithTimeout is used"

func TestImpuritiesAreFound(t *testing.T) {
	for planted, want := range map[string]string{
		`import "time"; func f() time.Time { return time.Now() }`:                             "time.Now",
		`import clock "time"; var f = clock.Since`:                                            "time.Since",
		`import "time"; func f() { time.Sleep(1) }`:                                           "time.Sleep",
		`import "time"; func f() { <-time.After(1) }`:                                         "time.After",
		`import "context"; func f(c context.Context) { context.WithTimeout(c, 1) }`:           "context.WithTimeout",
		`import "math/rand/v2"; func f() int { return rand.IntN(3) }`:                         "math/rand/v2.IntN",
		`import "math/rand"; func f() int { return rand.Intn(3) }`:                            "math/rand",
		`import "crypto/rand"; func f(b []byte) { rand.Read(b) }`:                             "crypto/rand",
		`import "os"; func f() { os.ReadFile("x") }`:                                          "os",
		`import "net/http"; var _ http.Handler`:                                               "net/http",
		`import . "time"; func f() Time { return Now() }`:                                     "without its name",
		`import "github.com/cyrdrill/cyrdrill/harness/detect"; var _ detect.Scene`:            "knows nothing",
		`import "github.com/cyrdrill/cyrdrill/harness/target/rfc5322"; var _ rfc5322.Message`: "",
		`func f() { go f() }`:                                                                       "go statement",
		`var count int; func f() { count++ }`:                                                       "changes count",
		`var seen = map[string]bool{}; func f() { seen["x"] = true }`:                               "changes seen",
		`var seen = map[string]bool{}; func f() { delete(seen, "x") }`:                              "changes seen",
		`var last struct{ x []int }; func f() { last.x[0], _ = 1, 2 }`:                              "changes last",
		`var last int; func f() *int { return &last }`:                                              "changes last",
		`import "sync"; var once sync.Once`:                                                         "sync",
		`func f(m map[string]int) { for last = range m {} }; var last string`:                       "changes last",
		`import "time"; func f(now time.Time) time.Time { return now.Add(1) }`:                      "",
		`import "math/rand/v2"; func f(s uint64) *rand.Rand { return rand.New(rand.NewPCG(s, 1)) }`: "",
		`var names = []string{"a"}; func f() { names := map[int]string{}; names[1] = "b" }`:         "",
		`var last int; func f() { var last int; last++ }`:                                           "",
		`type time struct{}; func (time) Now() {}; func f(time time) { time.Now() }`:                "",
	} {
		found, err := impurities(map[string]string{"planted.go": "package planted; " + planted})
		if err != nil {
			t.Errorf("%s: %v", planted, err)
			continue
		}
		if got := strings.Join(found, "\n"); want == "" && got != "" || !strings.Contains(got, want) || len(found) > 1 {
			t.Errorf("%s\n  found %q, want %q", planted, got, want)
		}
	}
}

// What a package may not import at all, and what it may not use of others.
var (
	bannedImports = []string{
		"crypto/rand", "io/ioutil", "log", "log/slog", "math/rand", "net", "os", "plugin", "sync", "sync/atomic", "syscall", "unsafe",
	}
	bannedNames = map[string][]string{
		"time":    {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		"context": {"WithTimeout", "WithDeadline", "WithTimeoutCause", "WithDeadlineCause"},
	}
	// Of math/rand/v2 only what makes a generator of one's own.
	allowedRand = []string{"New", "NewPCG", "Rand", "PCG", "Source"}
)

// impurities returns what makes the package depend on more than its inputs. An
// empty text stands for the file of that name.
func impurities(sources map[string]string) ([]string, error) {
	c := purity{fset: token.NewFileSet(), uses: map[*ast.Ident]types.Object{}}
	var files []*ast.File
	for name, text := range sources {
		var source any
		if text != "" {
			source = text
		}
		file, err := parser.ParseFile(c.fset, name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	// To tell what a name stands for, what is imported need not be known.
	config := types.Config{Importer: nothing{}, Error: func(error) {}}
	c.of, _ = config.Check("sim", c.fset, files, &types.Info{Uses: c.uses})
	for _, file := range files {
		c.check(file)
	}
	slices.Sort(c.found)
	return c.found, nil
}

// nothing imports packages of which it knows the name alone.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	name := strings.TrimSuffix(path, "/v2")
	pkg := types.NewPackage(path, name[strings.LastIndexByte(name, '/')+1:])
	pkg.MarkComplete()
	return pkg, nil
}

type purity struct {
	fset  *token.FileSet
	of    *types.Package
	uses  map[*ast.Ident]types.Object
	found []string
}

func (c *purity) complain(at ast.Node, format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf("%s: ", c.fset.Position(at.Pos()))+fmt.Sprintf(format, args...))
}

func (c *purity) check(file *ast.File) {
	for _, spec := range file.Imports {
		c.checkImport(spec)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			c.complain(n, "a go statement: all happens in one goroutine")
		case *ast.SelectorExpr:
			c.checkSelector(n)
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if n.Tok != token.DEFINE {
					c.checkChange(left)
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				c.checkChange(n.Key)
				c.checkChange(n.Value)
			}
		case *ast.IncDecStmt:
			c.checkChange(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				c.checkChange(n.X)
			}
		case *ast.CallExpr:
			if called, ok := n.Fun.(*ast.Ident); ok && (called.Name == "delete" || called.Name == "clear") && len(n.Args) > 0 {
				c.checkChange(n.Args[0])
			}
		}
		return true
	})
}

func (c *purity) checkImport(spec *ast.ImportSpec) {
	path, _ := strconv.Unquote(spec.Path.Value)
	if spec.Name != nil && spec.Name.Name == "." {
		c.complain(spec, "%s is imported without its name", path)
	}
	if ours, ok := strings.CutPrefix(path, "github.com/cyrdrill/cyrdrill/"); ok && !below(ours, "harness/target") && ours != "harness/canary" {
		c.complain(spec, "%s is imported, of which a simulated pair knows nothing", path)
	}
	for _, banned := range bannedImports {
		if path == banned || (banned == "net" || banned == "os") && below(path, banned) {
			c.complain(spec, "%s is imported", path)
		}
	}
}

func below(path, other string) bool { return path == other || strings.HasPrefix(path, other+"/") }

func (c *purity) checkSelector(selector *ast.SelectorExpr) {
	name, ok := selector.X.(*ast.Ident)
	if !ok {
		return
	}
	pkg, ok := c.uses[name].(*types.PkgName)
	if !ok {
		return
	}
	path, used := pkg.Imported().Path(), selector.Sel.Name
	if slices.Contains(bannedNames[path], used) || path == "math/rand/v2" && !slices.Contains(allowedRand, used) {
		c.complain(selector, "%s.%s is used", path, used)
	}
}

// checkChange complains of what would change a variable of the package, or a part
// of it.
func (c *purity) checkChange(changed ast.Expr) {
	for {
		switch x := changed.(type) {
		case *ast.IndexExpr:
			changed = x.X
		case *ast.SelectorExpr:
			changed = x.X
		case *ast.StarExpr:
			changed = x.X
		case *ast.ParenExpr:
			changed = x.X
		case *ast.Ident:
			if v, ok := c.uses[x].(*types.Var); ok && v.Parent() == c.of.Scope() {
				c.complain(x, "it changes %s, which is the whole package's", x.Name)
			}
			return
		default:
			return
		}
	}
}
