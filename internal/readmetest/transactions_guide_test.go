package readmetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The Go blocks of the guide to transactions are parts of examples that run.
func TestGuide_to_transactions_shows_code_that_runs(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	examples, shown := flush(read("example_transactions_test.go")), 0
	for _, b := range blocks(read("docs/guides/transactions.md")) {
		if b.language != "go" {
			continue
		}
		shown++
		if !strings.Contains(examples, flush(b.text)) {
			t.Errorf("docs/guides/transactions.md:%d is in no example:\n%s", b.line, b.text)
		}
	}
	if shown < 6 || strings.Contains(examples, flush("s.Add(&Counter{Name: \"no such\"})")) {
		t.Errorf("%d blocks: the search is broken", shown)
	}
}

// flush takes the indentation away.
func flush(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
