package readmetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The Go blocks of the guide to testing are one test file, and its tests pass.
func TestGuide_to_testing_is_a_test_that_passes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "guides", "testing.md"))
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	for _, b := range blocks(string(text)) {
		if b.language == "go" {
			file.WriteString(b.text + "\n")
		}
	}
	if n := strings.Count(file.String(), "\nfunc Test"); n < 6 {
		t.Fatalf("%d tests in the guide: the search is broken", n)
	}
	out, err := goCommand(t, "guide_test.go", file.String(), "test", "-timeout", "60s", ".")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	// The control: a guide that is wrong fails.
	out, err = goCommand(t, "guide_test.go", strings.Replace(file.String(), `"5 | 2"`, `"6 | 2"`, 1), "test", "-timeout", "60s", ".")
	if err == nil || !strings.Contains(out, `the row is`) {
		t.Errorf("a guide that is wrong passed: %v\n%s", err, out)
	}
}
