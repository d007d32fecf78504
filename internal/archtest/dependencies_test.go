package archtest_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dependency is a row of docs/dependencies.md.
type dependency struct{ module, license, by string }

var dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|")

func dependencies(text string) []dependency {
	var all []dependency
	for _, m := range dependencyRow.FindAllStringSubmatch(text, -1) {
		all = append(all, dependency{m[1], m[2], m[3]})
	}
	return all
}

// docs/dependencies.md lists what the packages link, by whom, and its license.
func TestDependenciesAreListed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := dependencies(string(text))
	linked := make(map[string][]string)
	for _, part := range []struct {
		name     string
		packages []string
	}{{"root, `web`", []string{".", "./web"}}, {"`cli`", []string{"./cli"}}, {"`observe`", []string{"./observe"}}, {"tests alone", []string{"./..."}}} {
		for _, system := range []string{"linux", "darwin", "windows"} {
			for _, module := range linkedModules(t, system, part.packages) {
				have := linked[module]
				if part.name == "tests alone" && len(have) > 0 || slices.Contains(have, "root, `web`") || slices.Contains(have, part.name) {
					continue
				}
				linked[module] = append(have, part.name)
			}
		}
	}
	for _, problem := range unlisted(listed, linked) {
		t.Errorf("docs/dependencies.md: %s", problem)
	}
	for _, d := range listed {
		if problem := unlicensed(d.license, licenseText(t, d.module)); problem != "" {
			t.Errorf("docs/dependencies.md: %s: %s", d.module, problem)
		}
	}
}

// The control: what the comparisons are there to find.
func TestDependenciesAreListed_finds_what_is_wrong(t *testing.T) {
	t.Parallel()
	listed := dependencies("| module | license |\n|---|---|\n| `a/b` | MIT | root | x |\n| `c` | MIT | `cli` | x |\n| `d` | MIT | `cli`, `observe` | x |\n")
	linked := map[string][]string{"c": {"`observe`"}, "d": {"`cli`", "`observe`"}, "e": {"`cli`"}}
	want := []string{"a/b is linked by nothing", "c is linked by `observe`, not by `cli`", "e is missing, linked by `cli`"}
	if diff := cmp.Diff(want, unlisted(listed, linked)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if unlicensed("MIT", "Apache License\nVersion 2.0") == "" || unlicensed("WTFPL", "do what you want") == "" || unlicensed("Apache-2.0", "Apache License\nVersion 2.0") != "" {
		t.Error("licenses are not told apart")
	}
}

// unlisted compares the rows with which part links which module.
func unlisted(listed []dependency, linked map[string][]string) []string {
	var problems []string
	rest := maps.Clone(linked)
	for _, d := range listed {
		by, ok := linked[d.module]
		delete(rest, d.module)
		if !ok {
			problems = append(problems, d.module+" is linked by nothing")
			continue
		}
		if want := strings.Join(by, ", "); !strings.Contains(d.by, want) {
			problems = append(problems, fmt.Sprintf("%s is linked by %s, not by %s", d.module, want, d.by))
		}
	}
	for _, module := range slices.Sorted(maps.Keys(rest)) {
		problems = append(problems, fmt.Sprintf("%s is missing, linked by %s", module, strings.Join(rest[module], ", ")))
	}
	return problems
}

// licenseWords are in the text of a license, and in no other of these.
var licenseWords = map[string]string{
	"MIT": "Permission is hereby granted, free of charge", "Apache-2.0": "Apache License",
	"BSD-3-Clause": "Neither the name", "MPL-2.0": "Mozilla Public License",
}

func unlicensed(license, text string) string {
	switch word, known := licenseWords[license]; {
	case !known:
		return license + " is a license that nobody has looked at"
	case !strings.Contains(text, word):
		return "its text is not that of " + license
	}
	return ""
}

// licenseText is what the module's own files say.
func licenseText(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "LICEN[SC]E*"))
	if len(files) == 0 {
		t.Fatalf("%s has no license file", module)
	}
	var text strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	return text.String()
}
