package readmetest

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// guides are the documents whose blocks are parts of tests and examples that run,
// with where these lie and how many blocks there are at least. The guide to testing
// is a test file of its own.
var guides = map[string]struct {
	tests []string
	least int
}{
	"from-sqlalchemy.md": {[]string{"internal/guidetest/*_test.go"}, 25},
	"from-gorm.md":       {[]string{"internal/guidetest/*_test.go", "beside/*_test.go"}, 15},
	"from-sqlc.md":       {[]string{"internal/guidetest/*_test.go", "beside/*_test.go"}, 6},
	"queries.md":         {[]string{"internal/guidetest/*_test.go"}, 25},
	"http.md":            {[]string{"internal/guidetest/*_test.go"}, 8},
	"models.md":          {[]string{"internal/guidetest/*_test.go"}, 3},
	"types.md":           {[]string{"internal/guidetest/*_test.go"}, 3},
	"units-of-work.md":   {[]string{"internal/guidetest/*_test.go", "testdata/grouped_update_*.sql"}, 2},
	"relations.md":       {[]string{"example_relations_test.go"}, 5},
	"transactions.md":    {[]string{"example_transactions_test.go", "settings_test.go"}, 7},
	"migrations.md":      {[]string{"migrate/example_*_test.go", "migrate/testdata/guide/*.sql"}, 5},
}

func TestGuides_show_code_that_runs(t *testing.T) {
	t.Parallel()
	for name, g := range guides {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tests := gathered(t, g.tests)
			text, err := os.ReadFile(filepath.Join(root, "docs", "guides", name))
			if err != nil {
				t.Fatal(err)
			}
			missing, shown := notIn(tests, string(text))
			for _, block := range missing {
				t.Errorf("docs/guides/%s:%s", name, block)
			}
			if shown < g.least {
				t.Errorf("docs/guides/%s: %d blocks: the search is broken", name, shown)
			}
			// The control: every line that is changed, one after the other, is found.
			for _, b := range blocks(string(text)) {
				for i, line := range strings.Split(strings.TrimSpace(b.text), "\n") {
					if !isShown(b) || strings.TrimSpace(line) == "" || strings.HasPrefix(line, "…") {
						continue
					}
					lines := strings.Split(strings.TrimSpace(b.text), "\n")
					lines[i] = strings.Replace(line, strings.TrimSpace(line), "spoiled "+strings.TrimSpace(line), 1)
					b.text = strings.Join(lines, "\n")
					if missing, _ := notIn(tests, "```"+b.language+"\n"+b.text+"\n```\n"); len(missing) != 1 {
						t.Errorf("docs/guides/%s:%d: nobody sees that line %d was changed", name, b.line, i+1)
					}
				}
			}
		})
	}
}

// gathered is the code of the tests, without indentation.
func gathered(t *testing.T, patterns []string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString("\n" + flush(string(text)) + "\n")
		}
	}
	return all.String()
}

func isShown(b block) bool { return b.language == "go" || b.language == "sql" }

// notIn lists the Go and SQL blocks of a document that are no part of the tests,
// and counts all. Go stands there as whole lines; SQL inside of them, up to a line …
func notIn(tests, document string) (missing []string, shown int) {
	for _, b := range blocks(document) {
		if !isShown(b) {
			continue
		}
		shown++
		found := strings.Contains(tests, "\n"+flush(b.text)+"\n")
		if b.language == "sql" {
			text, _, _ := strings.Cut(flush(b.text), "\n…")
			found = strings.Contains(tests, strings.TrimSuffix(text, ";"))
		}
		if !found {
			missing = append(missing, strconv.Itoa(b.line)+" is in no test:\n"+b.text)
		}
	}
	return missing, shown
}

// flush takes the indentation away.
func flush(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

var callPattern = regexp.MustCompile("`((?:d|retort)\\.[A-Z]\\w*\\(|(?:d\\.)?Column\\(…\\)\\.)([^`]*)`")

// calls lists what the table of the guide to models says is written: from each span
// of code the part in front of an ellipsis.
func calls(document string) []string {
	var all []string
	for line := range strings.SplitSeq(document, "\n") {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, found := range callPattern.FindAllStringSubmatch(line, -1) {
			head := strings.TrimSuffix(found[1], "Column(…).")
			if head != found[1] {
				head = ")."
			}
			text, _, _ := strings.Cut(head+found[2], "…")
			all = append(all, text)
		}
	}
	return all
}

// Each call that the guide to models names in its table is made in a test.
func TestGuide_to_models_names_calls_that_are_made(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "guides", "models.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := gathered(t, []string{"internal/guidetest/*_test.go"})
	named := calls(string(text))
	if len(named) < 14 {
		t.Errorf("%d calls: the search is broken", len(named))
	}
	for _, call := range named {
		if !strings.Contains(tests, call) {
			t.Errorf("docs/guides/models.md: %s is in no test", call)
		}
	}
	control := calls("| x | `d.Unknown(&d.C.A)`; `Column(…).Unheard(\"x…\")` |\n`d.Elsewhere()`\n")
	if len(control) != 2 || strings.Contains(tests, control[0]) || strings.Contains(tests, control[1]) || control[1] != `).Unheard("x` {
		t.Errorf("the control: %q", control)
	}
}
