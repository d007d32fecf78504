package archtest_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/archtest"
)

// The walks through the code in ARCHITECTURE.md name files that are there.
func TestArchitectureNamesFilesThatAreThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := archtest.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(goFile.FindAllString(string(text), -1)); n < 20 {
		t.Fatalf("found %d names of files: the search is broken", n)
	}
	for _, name := range missing(string(text), files) {
		t.Errorf("ARCHITECTURE.md names %s, which is no file; say where that code went", name)
	}
}

// The control: what the search is there to find.
func TestArchitectureNamesFilesThatAreThere_finds_what_is_gone(t *testing.T) {
	t.Parallel()
	files := []archtest.File{file("a.go"), file("pool/lend.go")}
	text := "`A` (a.go, pool/lend.go) calls lend.go, then gone.go; `pool/a.go` is elsewhere."
	if diff := cmp.Diff([]string{"gone.go", "pool/a.go"}, missing(text, files)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var goFile = regexp.MustCompile(`[A-Za-z0-9_/-]+\.go\b`)

// missing lists the files that a text names and that are not there: by their path
// from the root, or by their name alone.
func missing(text string, files []archtest.File) []string {
	known := make(map[string]bool)
	for _, f := range files {
		known[f.Path], known[path.Base(f.Path)] = true, true
	}
	var gone []string
	for _, name := range goFile.FindAllString(text, -1) {
		if !known[name] {
			gone = append(gone, name)
		}
	}
	return gone
}
