package readmetest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWorkflow: what CI runs by make exists, and its versions of PostgreSQL are those
// of the Makefile.
func TestWorkflow_runs_targets_that_exist(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	workflow, makefile := read(".github/workflows/ci.yml"), read("Makefile")
	if got := missingTargets("- run: make nonsense && make test", makefile); !slices.Equal(got, []string{"nonsense"}) {
		t.Errorf("the control: %q", got)
	}
	for _, target := range missingTargets(workflow, makefile) {
		t.Errorf("CI runs make %s, which the Makefile does not have", target)
	}
	majors := regexp.MustCompile(`(?m)^MAJORS \?= (.+)$`).FindStringSubmatch(makefile)
	if majors == nil {
		t.Fatal("the Makefile names no versions")
	}
	want := `postgresql: ["` + strings.Join(strings.Fields(majors[1]), `", "`) + `"]`
	job, _, _ := strings.Cut(workflow[strings.Index(workflow, "\n  migrations:"):], "\n  macos:")
	if !strings.Contains(job, want) || !strings.Contains(job, "make test-matrix MAJORS=${{ matrix.postgresql }}") {
		t.Errorf("the job of migrations has not %s:\n%s", want, job)
	}
	if strings.Contains(workflow, "\t") {
		t.Error("a tab is no indentation in YAML")
	}
}

// missingTargets are the targets that text runs and the makefile does not have.
func missingTargets(text, makefile string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`\bmake ([a-z][a-z-]*)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(makefile, "\n"+m[1]+": ") {
			out = append(out, m[1])
		}
	}
	return out
}

// Actions run with the rights of the repository: a tag can be moved to other code, a
// hash cannot.
func TestWorkflow_pins_actions_by_hash(t *testing.T) {
	t.Parallel()
	control := "- uses: actions/checkout@v5\n- uses: a/b@0123456789012345678901234567890123456789\n- uses: a/b@0123456789012345678901234567890123456789 # v1.0.0\n"
	if got, _ := unpinned(control); !slices.Equal(got, []string{"actions/checkout@v5", "a/b@0123456789012345678901234567890123456789"}) {
		t.Errorf("the control: %q", got)
	}
	workflow, err := os.ReadFile(filepath.Join("..", "..", ".github", "workflows", "ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	loose, n := unpinned(string(workflow))
	for _, action := range loose {
		t.Errorf("%s: give the hash of the commit, and the version as a comment", action)
	}
	if n < 5 {
		t.Errorf("found %d actions: the search is broken", n)
	}
}

// unpinned are the actions that text uses without a hash, or without the version
// beside it, and how many it uses in all.
func unpinned(text string) (loose []string, n int) {
	pinned := regexp.MustCompile(`^[^ @]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	uses := regexp.MustCompile(`(?m)uses: (.+)$`).FindAllStringSubmatch(text, -1)
	for _, m := range uses {
		if !pinned.MatchString(m[1]) {
			loose = append(loose, m[1])
		}
	}
	return loose, len(uses)
}
