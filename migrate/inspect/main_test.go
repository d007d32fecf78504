package inspect_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/inspect"
	"github.com/retort-go/retort/retorttest"
)

var every = flag.Bool("every", false, "compile the models of every database")

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestMain(m *testing.M) { retorttest.Main(m) }

// database makes a database with sql, and an engine on it.
func database(tb testing.TB, sql string) (*retorttest.Database, *retort.Engine) {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	eng, err := retort.Open(retort.Config{URL: db.URL(), Base: retort.NewBase(), PoolSize: 1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.Background()) })
	if sql != "" { // not by the database's own helper, which keeps a connection
		_, err = retort.Run(tb.Context(), eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			_, err := s.DBTX().Exec(ctx, sql)
			return 0, err
		})
	}
	if err != nil {
		tb.Fatal(err)
	}
	return db, eng
}

func models(tb testing.TB, eng *retort.Engine, opts inspect.Options) *inspect.Result {
	tb.Helper()
	opts.ScratchURL = retorttest.NewDatabase(tb, retorttest.Template{}).URL()
	result, err := inspect.Models(tb.Context(), eng, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

func golden(tb testing.TB, name, text string) {
	tb.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		tb.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

// written is one database and the models that were written of it.
type written struct {
	name, url string
	source    []byte
}

// compiled builds a program of all the models, which compares each with its
// database, and returns what it prints: a line for each difference.
func compiled(tb testing.TB, all []written, scratch string) string {
	tb.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	write := func(name, text string) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		tb.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		tb.Fatal(err)
	}
	text := strings.Replace(string(mod), "module github.com/retort-go/retort\n", "module inspected\n", 1)
	write("go.mod", text+"\nrequire github.com/retort-go/retort v0.0.0\n\nreplace github.com/retort-go/retort => "+root+"\n")
	write("go.sum", string(sum))
	var imports, cases strings.Builder
	packages := map[string]string{}
	for i, w := range all {
		pkg, known := packages[string(w.source)]
		if !known {
			pkg = fmt.Sprintf("p%d", i)
			packages[string(w.source)] = pkg
			write(pkg+"/model.go", string(w.source))
			fmt.Fprintf(&imports, "\t%s \"inspected/%s\"\n", pkg, pkg)
		}
		fmt.Fprintf(&cases, "\tcompare(%q, %q, %s.Base)\n", w.name, w.url, pkg)
	}
	write("main.go", fmt.Sprintf(compareProgram, imports.String(), scratch, cases.String()))
	build := exec.CommandContext(tb.Context(), "go", "build", "-gcflags=inspected/...=-N -l", "-o", "compare", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GONOSUMDB=*", "GONOSUMCHECK=1")
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("the models do not compile: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(tb.Context(), filepath.Join(dir, "compare")).CombinedOutput()
	if err != nil {
		tb.Fatalf("compare: %v\n%s", err, out)
	}
	return string(out)
}

const compareProgram = `package main

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/autogenerate"

%s)

func compare(name, url string, base *retort.Base) {
	ctx := context.Background()
	eng, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: 1})
	if err != nil {
		fmt.Println(name, "Open:", err)
		return
	}
	defer eng.Close(ctx)
	found, err := autogenerate.Generate(ctx, eng, base, autogenerate.Config{ScratchURL: %q})
	if err != nil {
		fmt.Println(name, "Generate:", err)
		return
	}
	for _, d := range found.Differences {
		fmt.Println(name, d)
	}
}

func main() {
%s}
`

func sorted(lines []string) string {
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
