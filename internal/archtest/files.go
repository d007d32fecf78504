package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is the library's module path, the prefix of every own import.
const Module = "github.com/retort-go/retort"

// File is one Go source file as the rules see it.
type File struct {
	Path    string   // slash-separated, from the repository's root
	Imports []string // import paths, in the order written
	Lines   int

	// Generated says that a program wrote it, by the head that Go has for that.
	Generated bool
}

// Dir is the file's folder, "." for the root package.
func (f File) Dir() string { return path.Dir(f.Path) }

// Test reports whether the file is compiled into tests only.
func (f File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Read parses the import clauses of every Go file below root.
//
//   - Shape: lexical order; files of every operating system and build tag;
//     hidden folders, testdata and node_modules left out.
//   - Errors: a file that cannot be read or parsed.
func Read(root string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && skipped(entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		file, err := readFile(root, name)
		files = append(files, file)
		return err
	})
	return files, err
}

func skipped(dir string) bool {
	return strings.HasPrefix(dir, ".") || dir == "testdata" || dir == "node_modules"
}

func readFile(root, name string) (File, error) {
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return File{}, err
	}
	file := File{Path: filepath.ToSlash(rel)}
	text, err := os.ReadFile(name)
	if err != nil {
		return file, err
	}
	file.Lines = bytes.Count(text, []byte("\n"))
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return file, fmt.Errorf("archtest: %w", err)
	}
	file.Generated = ast.IsGenerated(parsed)
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file, fmt.Errorf("archtest: import in %s: %w", file.Path, err)
		}
		file.Imports = append(file.Imports, imported)
	}
	return file, nil
}
