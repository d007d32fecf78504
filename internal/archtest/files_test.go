package archtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/archtest"
)

func TestRead(t *testing.T) {
	t.Parallel()

	t.Run("takes every system's files and leaves fixtures out", func(t *testing.T) {
		t.Parallel()
		dir := tree(t, map[string]string{
			"a.go":              "package a\n\nimport (\n\t\"fmt\"\n\t. \"os\"\n)\n\nvar _ = fmt.Sprint(Args)\n",
			"b/b_windows.go":    "//go:build windows\n\npackage b\n\nimport _ \"unsafe\"\n",
			"b/testdata/x.go":   "not Go",
			".cache/y.go":       "not Go",
			"node_modules/z.go": "not Go",
			"notes.md":          "not Go",
		})
		got, err := archtest.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		want := []archtest.File{
			{Path: "a.go", Imports: []string{"fmt", "os"}, Lines: 8},
			{Path: "b/b_windows.go", Imports: []string{"unsafe"}, Lines: 5},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})

	t.Run("names the file that it cannot parse", func(t *testing.T) {
		t.Parallel()
		dir := tree(t, map[string]string{"broken.go": "packag broken\n"})
		if _, err := archtest.Read(dir); err == nil || !strings.Contains(err.Error(), "broken.go") {
			t.Errorf("got error %v, want one that names broken.go", err)
		}
	})
}

// tree writes files below a new folder and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
