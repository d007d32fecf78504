package readmetest

import (
	"os"
	"path/filepath"
	"testing"
)

// The Go blocks of the guide to idempotency are parts of an example that runs.
func TestGuide_to_idempotency_shows_code_that_runs(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	example := flush(read("web/example_idempotent_test.go")) + "\n"
	missing, shown := notIn(example, read("docs/guides/idempotency.md"))
	for _, block := range missing {
		t.Errorf("docs/guides/idempotency.md:%s", block)
	}
	if shown != 3 {
		t.Errorf("%d Go blocks: the search is broken", shown)
	}
	if missing, _ := notIn(example, "```go\nspoiled()\n```\n"); len(missing) != 1 {
		t.Error("a block that is in no example is not found")
	}
}
