package readmetest

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const library = "github.com/retort-go/retort"

// shown are the packages whose exported names all appear in an example.
var shown = []string{".", "pool", "pgerr", "web", "schema", "observe", "doctor", "cli", "localpg", "retorttest", "retorttest/proxy"}

// Every exported entry point, a function or a method of what a user holds, is
// used by an example that runs: a reader finds it at work, and it is known to work.
func TestExamples_show_every_entry_point(t *testing.T) {
	t.Parallel()
	sources := make(map[string][]*ast.File)
	fset := token.NewFileSet()
	for _, dir := range shown {
		sources[dir] = parsed(t, fset, filepath.Join(root, dir))
	}
	missing, names := unshown(sources)
	if names < 150 {
		t.Errorf("only %d entry points found: the search is broken", names)
	}
	for _, name := range missing {
		if _, excused := withoutExample[name]; !excused {
			t.Errorf("%s appears in no example that runs; write one (example_<job>_test.go, with an Output), or say in withoutExample why not", name)
		}
	}
	for name, reason := range withoutExample {
		if !slices.Contains(missing, name) || reason == "" {
			t.Errorf("%s is in withoutExample, but it has an example, does not exist or lacks a reason", name)
		}
	}
}

// The control: what the search is there to find.
func TestExamples_show_finds_what_is_missing(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	file := func(name, text string) *ast.File {
		f, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	got, names := unshown(map[string][]*ast.File{"pool": {
		file("pool.go", "package pool\ntype Pool struct{}\nfunc Used() {}\nfunc Still() {}\nfunc Quiet() {}\nfunc (Pool) M() {}\nfunc (Pool) N() {}\nfunc (t *Pool) Close() error { return nil }\nfunc (u Other) Far() {}\nfunc own() {}\nfunc Eq() Predicate { return nil }"),
		file("example_test.go", "package pool_test\nimport \""+library+"/pool\"\nfunc ExampleUsed() {\n\tpool.Used()\n\tvar t pool.Pool\n\tt.M()\n\t// Output: x\n}\nfunc ExampleQuiet() {\n\tpool.Quiet()\n}\n"),
		file("pool_test.go", "package pool_test\nimport \""+library+"/pool\"\nfunc f() { pool.Still() }\n"),
	}})
	want := []string{"pool.Pool.Close", "pool.Pool.N", "pool.Quiet", "pool.Still"}
	if !slices.Equal(got, want) || names != 6 {
		t.Errorf("got %q of %d, want %q of 6", got, names, want)
	}
}

func parsed(t *testing.T, fset *token.FileSet, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d Go files, %v", dir, len(names), err)
	}
	var files []*ast.File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(fset, filepath.Base(name), text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") || strings.HasSuffix(f.Name.Name, "_test") {
			files = append(files, f)
		}
	}
	return files
}

// unshown lists the entry points that no running example uses, and counts all.
//
// Methods are told by their names alone: finding the types would need the compiler.
func unshown(sources map[string][]*ast.File) (missing []string, names int) {
	functions, methods := make(map[string]bool), make(map[string]bool)
	for dir, files := range sources {
		for _, f := range files {
			if strings.HasSuffix(f.Name.Name, "_test") {
				uses(dir, f, functions, methods)
			}
		}
	}
	for dir, files := range sources {
		name := path.Base(dir)
		if dir == "." {
			name = "retort"
		}
		for _, e := range exported(files) {
			receiver, method, isMethod := strings.Cut(e, ".")
			if isMethod && (!entered[receiver] || ordinary[method]) {
				continue
			}
			names++
			used := functions[name+"."+receiver]
			if isMethod {
				used = methods[method]
			}
			if !used {
				missing = append(missing, name+"."+e)
			}
		}
	}
	sort.Strings(missing)
	return missing, names
}

// entered are the types whose methods are entry points: what a user holds.
var entered = map[string]bool{
	"Engine": true, "Session": true, "Base": true, "Pool": true, "Lease": true, "Server": true,
	"Kit": true, "Database": true, "Proxy": true, "Rule": true,
}

// words are what functions of the query language return: one would be no
// sentence, and the examples of Query show whole ones.
var words = map[string]bool{
	"Predicate": true, "Expr": true, "Order": true, "Operand": true, "Window": true, "Source": true, "Truth": true,
	"Frame": true, "CaseOf": true, "Selection": true, "Target": true, "LockOption": true, "Type": true, "Pair": true,
	"CTE": true, "Returned": true, "Insert": true, "Row": true, "Query": true, "Assignment": true,
}

// ordinary are methods that others call: of errors, of fmt, of encoders.
var ordinary = map[string]bool{
	"Error": true, "Unwrap": true, "Is": true, "String": true, "Format": true, "LogValue": true, "IsZero": true,
	"MarshalJSON": true, "MarshalText": true, "UnmarshalJSON": true, "Define": true, "Scan": true, "Value": true,
}

// exported lists the functions and "Type.Method" of a package, words left out.
func exported(files []*ast.File) []string {
	var all []string
	for _, f := range files {
		if strings.HasSuffix(f.Name.Name, "_test") {
			continue
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				if name := exportedFunc(fn); name != "" {
					all = append(all, name)
				}
			}
		}
	}
	return all
}

func exportedFunc(d *ast.FuncDecl) string {
	if !d.Name.IsExported() {
		return ""
	}
	if d.Recv == nil {
		if r := d.Type.Results; r != nil && words[typeName(r.List[0].Type)] {
			return ""
		}
		return d.Name.Name
	}
	if name := typeName(d.Recv.List[0].Type); ast.IsExported(name) {
		return name + "." + d.Name.Name
	}
	return ""
}

// typeName is a type's own name, without pointer and type parameters.
func typeName(t ast.Expr) string {
	for {
		switch e := t.(type) {
		case *ast.StarExpr:
			t = e.X
		case *ast.IndexExpr:
			t = e.X
		case *ast.IndexListExpr:
			t = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// uses notes what the examples of one file use, if one of them runs.
func uses(dir string, f *ast.File, functions, methods map[string]bool) {
	imports := make(map[string]string) // the library's packages by their name in the file
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil || p != library && !strings.HasPrefix(p, library+"/") {
			continue
		}
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = path.Base(p)
	}
	runs := false
	for _, e := range doc.Examples(f) {
		runs = runs || e.Output != "" || e.EmptyOutput
	}
	if !runs {
		return
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") || quiet(f, d) {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && imports[x.Name] != "" {
				functions[imports[x.Name]+"."+s.Sel.Name] = true
			} else {
				methods[s.Sel.Name] = true
			}
			return true
		})
	}
}

// quiet tells an example that is compiled and does not run.
func quiet(f *ast.File, d ast.Decl) bool {
	fn, ok := d.(*ast.FuncDecl)
	if !ok || !strings.HasPrefix(fn.Name.Name, "Example") {
		return false
	}
	for _, e := range doc.Examples(f) {
		if "Example"+e.Name == fn.Name.Name {
			return e.Output == "" && !e.EmptyOutput
		}
	}
	return false
}

// withoutExample are the names that need none, each with the reason.
var withoutExample = map[string]string{
	"localpg.Download":         "it needs the network",
	"localpg.DownloadMajor":    "it needs the network",
	"web.MaxBuffer":            "an option of Sessions, whose example has the default",
	"retort.Engine.Snapshot":   "for package migrate, which reads the catalog with it",
	"retort.Engine.Pooler":     "for package doctor, whose example shows what it finds",
	"retort.InSessionView":     "its example is compiled only; web.HandleView, which runs, is the same over HTTP",
	"retort.LabelerOf":         "for middleware that keeps the labels of another; LabelsOf is for everybody",
	"retorttest.Main":          "it ends the process; the guide to testing runs it",
	"retorttest.Database.Conn": "a plain *pgx.Conn, closed with the test",
}
