package readmetest

import (
	"os"
	"path/filepath"
	"testing"
)

// The Go blocks of the guides to idempotency and to failures are parts of examples
// that run.
func TestGuides_to_failures_show_code_that_runs(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, g := range []struct {
		guide, example string
		blocks         int
	}{
		{"docs/guides/idempotency.md", "web/example_idempotent_test.go", 3},
		{"docs/guides/failure.md", "example_outcomes_test.go", 3},
	} {
		example := flush(read(g.example)) + "\n"
		missing, shown := notIn(example, read(g.guide))
		for _, block := range missing {
			t.Errorf("%s:%s", g.guide, block)
		}
		if shown != g.blocks {
			t.Errorf("%s: %d Go blocks: the search is broken", g.guide, shown)
		}
		if missing, _ := notIn(example, "```go\nspoiled()\n```\n"); len(missing) != 1 {
			t.Error("a block that is in no example is not found")
		}
	}
}
