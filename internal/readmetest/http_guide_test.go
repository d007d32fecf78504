package readmetest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The guide to HTTP lists the problems that package web answers with, each beside
// its status.
func TestGuide_to_HTTP_lists_every_problem(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile(filepath.Join(root, "web", "problem.go"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join(root, "docs", "guides", "http.md"))
	if err != nil {
		t.Fatal(err)
	}
	declared := problemTypes(string(code))
	if len(declared) < 20 {
		t.Errorf("%d problems: the search is broken", len(declared))
	}
	for _, missing := range unlisted(declared, string(guide)) {
		t.Errorf("docs/guides/http.md: no row for %s", missing)
	}
	control := problemTypes("\tA = \"/problems/gone\" // 410: it was there\n\tB = \"/problems/timeout\" // 410: another status\n")
	if got := unlisted(control, string(guide)); len(got) != 2 {
		t.Errorf("the control: %q", got)
	}
}

var problemPattern = regexp.MustCompile(`= "/problems/([a-z-]+)" +// (\d{3})`)

// problemTypes lists the types that the code declares, each with its status.
func problemTypes(code string) (types [][2]string) {
	for _, found := range problemPattern.FindAllStringSubmatch(code, -1) {
		types = append(types, [2]string{found[1], found[2]})
	}
	return types
}

// unlisted are those that no row of the guide's table has beside their status.
func unlisted(types [][2]string, guide string) (missing []string) {
	for _, p := range types {
		listed := false
		for line := range strings.SplitSeq(guide, "\n") {
			status, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " |")
			listed = listed || isRow && strings.Contains(status, p[1]) && strings.Contains(line, "`"+p[0]+"`")
		}
		if !listed {
			missing = append(missing, p[1]+" "+p[0])
		}
	}
	return missing
}
