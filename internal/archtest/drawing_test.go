package archtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/archtest"
)

// ARCHITECTURE.md lists the folders with Go code, two levels deep, and no others.
func TestDrawing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := archtest.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	drawn := drawing(string(text))
	if len(drawn) < 20 {
		t.Fatalf("found %d folders in ARCHITECTURE.md: the search is broken", len(drawn))
	}
	for _, dir := range undrawn(files, drawn) {
		t.Errorf("%s: ARCHITECTURE.md does not list it", dir)
	}
	for _, dir := range drawn {
		if info, err := os.Stat(filepath.Join(root, dir)); err != nil || !info.IsDir() {
			t.Errorf("ARCHITECTURE.md lists %s, which is no folder", dir)
		}
	}
}

// The control: what the comparison is there to find.
func TestDrawing_finds_what_is_missing(t *testing.T) {
	t.Parallel()
	drawn := drawing("retort (root)  words\n├── pool/     lend\n├── migrate/\n│   ├── catalog/  look\n│   └── plan/     go\n└── tools/    linters\n\n- bench/ in a list\n")
	if diff := cmp.Diff([]string{"pool", "migrate", "migrate/catalog", "migrate/plan", "tools"}, drawn); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
	files := []archtest.File{file("a.go"), file("pool/a.go"), file("web/a.go"), file("migrate/catalog/a.go"), file("migrate/run/deep/a.go"), file("migrate/run/a.go")}
	if diff := cmp.Diff([]string{"web", "migrate/run"}, undrawn(files, drawn)); diff != "" {
		t.Errorf("not drawn (-want +got):\n%s", diff)
	}
}

// drawing lists the folders of the tree in a document.
func drawing(text string) []string {
	var all, above []string
	for line := range strings.Lines(text) {
		branches, entry, ok := strings.Cut(line, "── ")
		if !ok {
			continue
		}
		name, _, ok := strings.Cut(entry, "/ ")
		if !ok {
			name = strings.TrimSuffix(strings.TrimSpace(entry), "/")
		}
		depth := len([]rune(branches)) / 4
		above = append(above[:min(depth, len(above))], name)
		all = append(all, strings.Join(above, "/"))
	}
	return all
}

// undrawn lists the folders of files that are not drawn; the third level and
// those below it are a matter of the second.
func undrawn(files []archtest.File, drawn []string) []string {
	var all []string
	for _, f := range files {
		parts := strings.Split(f.Dir(), "/")
		dir := strings.Join(parts[:min(2, len(parts))], "/")
		if dir != "." && !slices.Contains(drawn, dir) && !slices.Contains(all, dir) {
			all = append(all, dir)
		}
	}
	return all
}
