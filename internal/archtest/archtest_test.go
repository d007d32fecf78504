package archtest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort/internal/archtest"
)

// root is the repository's, seen from this package's folder, where go test
// runs it.
const root = "../.."

func TestHouse(t *testing.T) {
	t.Parallel()
	files, err := archtest.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(files, func(f archtest.File) bool { return f.Path == "schema/doc.go" }) {
		t.Fatalf("read %d files below %s and schema/doc.go is not among them: the rules would check nothing", len(files), root)
	}
	for _, v := range archtest.Check(files) {
		t.Error(v)
	}
}

// A service that uses the root and web links pgx and a UUID library, nothing
// else, whatever the workspace's other modules need.
func TestHouse_links_two_libraries_into_a_service(t *testing.T) {
	t.Parallel()
	var packages []string
	for _, dir := range []string{".", "web"} {
		if sources, _ := filepath.Glob(filepath.Join(root, dir, "*.go")); len(sources) > 0 {
			packages = append(packages, "./"+dir)
		}
	}
	if len(packages) == 0 {
		t.Fatal("neither the root package nor web has a Go file: nothing to check")
	}
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run("on "+system, func(t *testing.T) {
			t.Parallel()
			for _, v := range archtest.Linked("root and web", linkedModules(t, system, packages)) {
				t.Error(v)
			}
		})
	}
}

// linkedModules asks the go command which modules a build would link.
func linkedModules(t *testing.T, system string, packages []string) []string {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, packages...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOOS="+system, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	modules = slices.Compact(modules)
	if !slices.Contains(modules, archtest.Module) {
		t.Fatalf("go %s names %q, not even this module", strings.Join(args, " "), modules)
	}
	return modules
}
