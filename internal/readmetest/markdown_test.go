package readmetest

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the repository's, seen from this package's folder, where go test
// runs it.
const root = "../.."

// block is one fenced block of a Markdown document.
type block struct {
	language string
	line     int // of its first line
	text     string
}

// blocks lists the fenced blocks of a document, in order.
func blocks(document string) []block {
	var all []block
	var open *block
	for i, line := range strings.Split(document, "\n") {
		switch mark, fenced := strings.CutPrefix(strings.TrimLeft(line, " "), "```"); {
		case open == nil && fenced:
			open = &block{language: strings.TrimSpace(mark), line: i + 2}
		case open != nil && fenced && strings.TrimSpace(mark) == "":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return all
}

// documents lists the repository's Markdown files, from its root.
func documents(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		hidden := path != root && strings.HasPrefix(entry.Name(), ".")
		if err == nil && entry.IsDir() && (hidden || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			name, relErr := filepath.Rel(root, path)
			names, err = append(names, filepath.ToSlash(name)), errors.Join(err, relErr)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names, "README.md") {
		t.Fatalf("documents: %q, and README.md is not among them", names)
	}
	return names
}
