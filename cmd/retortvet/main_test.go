package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/retort-go/retort/cmd/retortvet/session"
	"github.com/retort-go/retort/cmd/retortvet/sqltext"
	"github.com/retort-go/retort/cmd/retortvet/standin"
)

const root = "../.."

func workspace(t *testing.T) []string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "GOWORK="+file)
}

// The repository uses Retort more than anyone, so what the checks say about it is
// a mistake of one or the other.
func TestRepository_has_no_alarms(t *testing.T) {
	t.Parallel()
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadSyntax, Dir: root, Env: workspace(t),
		Tests: true, BuildFlags: []string{"-tags=pages,readme"},
	}, "work")
	if err != nil {
		t.Fatal(err)
	}
	// What does not compile is the compiler's to say.
	whole := slices.DeleteFunc(slices.Clone(pkgs), func(p *packages.Package) bool { return p.IllTyped })
	if len(whole) < len(pkgs) {
		t.Logf("%d of %d packages do not compile and are left out", len(pkgs)-len(whole), len(pkgs))
	}
	if !slices.ContainsFunc(whole, func(p *packages.Package) bool { return strings.HasPrefix(p.PkgPath, "github.com/retort-go/retort/") }) {
		t.Fatalf("of %d packages none of this repository compiles: nothing was looked at", len(pkgs))
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{session.Analyzer, sqltext.Analyzer, standin.Analyzer}, whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := make(map[string]bool)
	for _, act := range graph.Roots {
		if act.Err != nil {
			t.Errorf("%s: %v", act, act.Err)
		}
		for _, d := range act.Diagnostics {
			// A package is looked at once more with its tests.
			if text := act.Package.Fset.Position(d.Pos).String() + ": " + d.Message; !said[text] {
				said[text] = true
				t.Errorf("%s: %s", act.Analyzer.Name, text)
			}
		}
	}
}

// The other tests run over a copy of the names that the checks know. This one has
// the library itself, so that a renamed function does not blind a check, and goes
// the way that users go.
func TestVettool_knows_the_library(t *testing.T) {
	t.Parallel()
	tool := filepath.Join(t.TempDir(), "retortvet.exe")
	command(t, "go", "build", "-o", tool, ".")
	out := command(t, "go", "vet", "-json", "-vettool="+tool, "./testdata/library")
	if diff := cmp.Diff(marks(t, "testdata/library/library.go"), diagnostics(t, out)); diff != "" {
		t.Errorf("(-want +got)\n%s\nfrom\n%s", diff, out)
	}
}

func command(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = workspace(t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return out
}

// marks reads which checks a file expects: a comment at the end of a line names
// each.
func marks(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if _, names, ok := bytes.Cut(line, []byte(" // wrong: ")); ok {
			all = append(all, fmt.Sprintf("line %d: %s", n, bytes.TrimSpace(names)))
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s expects nothing", file)
	}
	slices.Sort(all)
	return all
}

// diagnostics reads what go vet -json prints.
func diagnostics(t *testing.T, out []byte) []string {
	t.Helper()
	var text bytes.Buffer
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "#") {
			text.WriteString(lines.Text())
		}
	}
	var byPackage map[string]map[string][]struct{ Posn string }
	if err := json.Unmarshal(text.Bytes(), &byPackage); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	var all []string
	for _, byCheck := range byPackage {
		for check, found := range byCheck {
			for _, d := range found {
				parts := strings.Split(d.Posn, ":")
				all = append(all, "line "+parts[len(parts)-2]+": "+check)
			}
		}
	}
	slices.Sort(all)
	return all
}
