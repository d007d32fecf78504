package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/lint"
)

// generated reads what autogenerate.Script wrote as the steps that it was made of.
func generated(tb testing.TB, script string) []migrate.Step {
	tb.Helper()
	found, rest, err := sqltext.Statements(script)
	if err != nil {
		tb.Fatal(err)
	}
	var out []migrate.Step
	var comments []migrate.Comment
	inside, first := false, 0
	for _, s := range found {
		comments = append(comments, s.Comments...)
		switch s.SQL {
		case "BEGIN":
			inside, first = true, len(out)
			continue
		case "COMMIT":
			inside = false
			if len(out) == first+1 {
				out[first].Mode = migrate.Alone
			}
			continue
		}
		mode := migrate.Together
		if !inside {
			mode = migrate.Outside
		}
		out = append(out, migrate.Step{SQL: s.SQL, Mode: mode, Line: s.Line, Comments: comments})
		comments = nil
	}
	return append(out, migrate.Step{Comments: append(comments, rest...)})
}

// TestGenerated lints every golden plan of autogenerate, up and down: what a plan
// does not avoid, it declares. Without the declarations there are findings.
func TestGenerated(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../autogenerate/testdata/changes/*.txtar")
	if err != nil || len(files) < 55 {
		t.Fatalf("%d goldens, %v", len(files), err)
	}
	undeclared := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, plan, _ := strings.Cut(string(text), "\n-- up.sql --\n")
		up, down, ok := strings.Cut(plan, "-- down.sql --\n")
		if !ok {
			t.Fatalf("%s has no plan", file)
		}
		for direction, script := range map[string]string{"up": up, "down": down} {
			all := generated(t, script)
			for _, f := range lint.Check(all, lint.Options{Version: 15}) {
				if f.Open() {
					t.Errorf("%s, %s: %v", filepath.Base(file), direction, f)
				}
			}
			for i := range all {
				all[i].Comments = nil
			}
			undeclared += len(lint.Check(all, lint.Options{Version: 15}))
		}
	}
	if undeclared == 0 {
		t.Error("without their hazards the plans have no finding: this test cannot fail")
	}
}
