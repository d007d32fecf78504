package autogenerate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/hazard"
	"github.com/retort-go/retort/migrate/lint"
)

// TestPlansNameTheirLocks: every statement of the golden plans that keeps others
// waiting says so, with the lock's level and the table; of tables that the same plan
// has made, none does.
func TestPlansNameTheirLocks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/changes/*.txtar")
	if err != nil || len(files) < 55 {
		t.Fatalf("%d goldens, %v", len(files), err)
	}
	said := 0
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
			silent, needless, named := unnamed(t, script)
			said += named
			for _, line := range needless {
				t.Errorf("%s, %s: nobody waits: %s", filepath.Base(file), direction, line)
			}
			for _, line := range silent {
				t.Errorf("%s, %s: %s", filepath.Base(file), direction, line)
			}
		}
	}
	if said < 100 {
		t.Errorf("only %d statements say their lock: the search is broken", said)
	}
	if silent, _, _ := unnamed(t, "-- lock: SHARE on t for a moment\nALTER TABLE \"t\" DROP COLUMN a;\n"); len(silent) != 1 {
		t.Errorf("the control: %q", silent)
	}
	if _, needless, _ := unnamed(t, "CREATE TABLE t (a int);\n-- lock: SHARE ROW EXCLUSIVE on t for a moment\nCREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f();\n"); len(needless) != 1 {
		t.Errorf("the control: %q", needless)
	}
}

// unnamed lists the statements whose lock no comment above them names, and comments
// on locks of what the script has made itself.
func unnamed(t *testing.T, script string) (silent, needless []string, named int) {
	t.Helper()
	statements, _, err := sqltext.Statements(script)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, s := range statements {
		var comments strings.Builder
		for _, c := range s.Comments {
			comments.WriteString(c.Text + "\n")
		}
		for _, a := range lint.Read(s.SQL) {
			table := a.Table[strings.LastIndex(a.Table, ".")+1:]
			if a.Form == hazard.CreateTable || strings.HasPrefix(s.SQL, "CREATE MATERIALIZED VIEW ") {
				made[table], made[a.Name] = true, true
			}
			for name := range made {
				if regexp.MustCompile(`lock: [A-Z ]+ on ` + regexp.QuoteMeta(name) + ` `).MatchString(comments.String()) {
					needless = append(needless, s.SQL)
				}
			}
			e := a.Effect()
			if made[table] || table == "" || e.Lock.Stops() != "reads and writes" && e.Lock.Stops() != "writes" {
				continue
			}
			if want := e.Lock.String() + " on " + table; strings.Contains(comments.String(), want) {
				named++
			} else {
				silent = append(silent, string(a.Form)+" says nothing of "+want+": "+s.SQL)
			}
		}
	}
	return silent, needless, named
}
