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
