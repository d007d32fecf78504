package readmetest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The Go blocks of the guides for newcomers are parts of tests that run.
func TestGuides_for_newcomers_show_code_that_runs(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	for _, pattern := range []string{"internal/guidetest/*_test.go", "beside/*_test.go"} {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tests.WriteString(flush(string(text)) + "\n")
		}
	}
	for name, least := range map[string]int{"from-sqlalchemy.md": 25, "from-gorm.md": 15, "from-sqlc.md": 6} {
		text, err := os.ReadFile(filepath.Join(root, "docs", "guides", name))
		if err != nil {
			t.Fatal(err)
		}
		missing, shown := notIn(tests.String(), string(text))
		for _, block := range missing {
			t.Errorf("docs/guides/%s:%s", name, block)
		}
		if shown < least {
			t.Errorf("docs/guides/%s: %d Go blocks: the search is broken", name, shown)
		}
		// The control: every block that is spoiled is found.
		spoiled := strings.ReplaceAll(string(text), "\n```go\n", "\n```go\n_ = spoiled\n")
		if missing, _ := notIn(tests.String(), spoiled); len(missing) != shown {
			t.Errorf("docs/guides/%s: of %d spoiled blocks %d are found", name, shown, len(missing))
		}
	}
}

// notIn lists the Go blocks of a document that are no part of the tests, and
// counts all.
func notIn(tests, document string) (missing []string, shown int) {
	for _, b := range blocks(document) {
		if b.language != "go" {
			continue
		}
		shown++
		if !strings.Contains(tests, flush(b.text)+"\n") {
			missing = append(missing, strconv.Itoa(b.line)+" is in no test:\n"+b.text)
		}
	}
	return missing, shown
}
