package readmetest

import (
	"os/exec"
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
	names := strings.Split(strings.TrimSuffix(listed(t, "*.md"), "\x00"), "\x00")
	for _, name := range names {
		if name == "README.md" {
			return names
		}
	}
	t.Fatalf("documents: %q, and README.md is not among them", names)
	return nil
}

// listed names the files that a clone of the working tree would hold, each
// ended by a NUL.
func listed(t *testing.T, patterns ...string) string {
	t.Helper()
	args := append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--"}, patterns...)
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	return string(out)
}
