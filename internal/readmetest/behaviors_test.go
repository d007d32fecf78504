package readmetest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var behaviorRow = regexp.MustCompile("(?m)^\\| S([0-9]+) \\|.*\\| `([a-z]+): (Test[A-Za-z0-9]+)(?:/([^`]+))?` \\|$")

// missingTests lists the rows of a table of behaviors whose test is not there, and
// the numbers from 1 to n that have no row, or two. Sources are a folder's test
// files, put together.
func missingTests(table string, n int, sources func(folder string) string) []string {
	var missing []string
	rows := map[string]int{}
	for _, row := range behaviorRow.FindAllStringSubmatch(table, -1) {
		number, folder, test, part := row[1], row[2], row[3], row[4]
		rows[number]++
		text := sources(folder)
		if !strings.Contains(text, "func "+test+"(") {
			missing = append(missing, "S"+number+": "+test)
			continue
		}
		if part != "" && !strings.Contains(text, `"`+part+`"`) && !strings.Contains(text, `"`+strings.ReplaceAll(part, "_", " ")+`"`) {
			missing = append(missing, "S"+number+": "+test+"/"+part)
		}
	}
	for i := 1; i <= n; i++ {
		if got := rows[fmt.Sprint(i)]; got != 1 {
			missing = append(missing, fmt.Sprintf("S%d: %d rows", i, got))
		}
	}
	return missing
}

// The control: what the search is there to find.
func TestBehaviors_search_finds_what_is_missing(t *testing.T) {
	t.Parallel()
	table := "| S1 | a | b | `pool: TestThere/says_this` |\n| S2 | a | b | `pool: TestThere/says_that` |\n| S3 | a | b | `pool: TestGone` |\n| S3 | a | b | `pool: TestThere` |\n"
	got := missingTests(table, 4, func(string) string { return `func TestThere(t *testing.T) { t.Run("says this", nil) }` })
	want := []string{"S2: TestThere/says_that", "S3: TestGone", "S3: 2 rows", "S4: 0 rows"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Each of SQLAlchemy's 37 behaviors has a row with a test that is there.
func TestBehaviors_have_tests(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile(filepath.Join(root, "docs", "chaos.md"))
	if err != nil {
		t.Fatal(err)
	}
	read := func(folder string) string {
		if folder == "retort" {
			folder = "."
		}
		files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests in %s: %v", folder, err)
		}
		var all strings.Builder
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
		return all.String()
	}
	for _, missing := range missingTests(string(table), 37, read) {
		t.Errorf("docs/chaos.md: %s", missing)
	}
}
