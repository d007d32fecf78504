package readmetest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort/pgerr"
)

// Every error that sends its reader to a place in docs/ sends him to one that
// is there.
func TestErrors_name_anchors_that_exist(t *testing.T) {
	t.Parallel()
	known := map[string][]string{}
	for _, name := range []string{"errors.md", "limits.md"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		known[name] = anchors(string(text))
	}
	named := 0
	check := func(where, document, anchor string) {
		named++
		if !slices.Contains(known[document], anchor) {
			t.Errorf("%s names docs/%s#%s, which is not there", where, document, anchor)
		}
	}
	pattern := regexp.MustCompile(`docs/(errors|limits)\.md#([a-z-]+)`)
	for _, path := range goFiles(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range pattern.FindAllStringSubmatch(string(text), -1) {
			check(path, found[1]+".md", found[2])
		}
	}
	// pgerr makes the anchor of a server's error from its kind.
	for _, kind := range []pgerr.Kind{
		pgerr.Serialization, pgerr.Deadlock, pgerr.LockNotAvailable, pgerr.QueryCanceled, pgerr.TooManyConnections,
		pgerr.ReadOnly, pgerr.StalePlan, pgerr.Shutdown, pgerr.BadValue, pgerr.Connection, pgerr.StaleRow, pgerr.CommitUnknown,
	} {
		check("pgerr."+kind.String(), "errors.md", strings.ReplaceAll(kind.String(), "_", "-"))
	}
	if named < 30 {
		t.Errorf("only %d anchors found: the search is broken", named)
	}
}

// goFiles lists the Go files of the library and the services.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.go", "*/*.go", "*/*/*.go", "*/*/*/*.go"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}
