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

var anchorPattern = regexp.MustCompile(`docs/(errors|limits)\.md#([a-z0-9-]+)`)

// places lists the places in docs/ that a text sends its reader to, as
// "errors.md#stale".
func places(text string) []string {
	var all []string
	for _, found := range anchorPattern.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1]+".md#"+found[2])
	}
	return all
}

// known counts the places in documents.
func known(documents map[string]string) map[string]int {
	places := map[string]int{}
	for name, text := range documents {
		for _, anchor := range anchors(text) {
			places[name+"#"+anchor]++
		}
	}
	return places
}

// lost lists those of wanted that are not known, or twice.
func lost(wanted []string, known map[string]int) []string {
	var all []string
	for _, place := range wanted {
		if known[place] != 1 && !slices.Contains(all, place) {
			all = append(all, place)
		}
	}
	return all
}

// The control: what the search is there to find.
func TestErrors_name_anchors_finds_what_is_wrong(t *testing.T) {
	t.Parallel()
	documents := map[string]string{"errors.md": "<a id=\"there\"></a>\n<a id=\"twice\"></a>\n<a id=\"twice\"></a>\n", "limits.md": "# One part\n"}
	text := `"see docs/errors.md#there", "see docs/errors.md#gone; see docs/limits.md#one-part", "docs/errors.md#twice" docs/limits.md#there`
	got := lost(places(text), known(documents))
	if want := []string{"errors.md#gone", "errors.md#twice", "limits.md#there"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every error that sends its reader to a place in docs/ sends him to one that
// is there, once.
func TestErrors_name_anchors_that_exist(t *testing.T) {
	t.Parallel()
	documents := map[string]string{}
	for _, name := range []string{"errors.md", "limits.md"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		documents[name] = string(text)
	}
	count, known := 0, known(documents)
	check := func(where string, found ...string) {
		count += len(found)
		for _, place := range lost(found, known) {
			t.Errorf("%s names docs/%s, which is not there or there twice", where, place)
		}
	}
	for _, path := range goFiles(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) == "anchors_test.go" {
			continue // its control names what is not there
		}
		check(path, places(string(text))...)
	}
	for _, kind := range anchoredKinds {
		check("pgerr."+kind.String(), "errors.md#"+anchorOf(kind))
	}
	if count < 30 {
		t.Errorf("only %d anchors found: the search is broken", count)
	}
}

// anchoredKinds are those of which pgerr makes the anchor of a server's error.
var anchoredKinds = []pgerr.Kind{
	pgerr.Serialization, pgerr.Deadlock, pgerr.LockNotAvailable, pgerr.QueryCanceled, pgerr.TooManyConnections,
	pgerr.ReadOnly, pgerr.StalePlan, pgerr.Shutdown, pgerr.BadValue, pgerr.Connection, pgerr.StaleRow, pgerr.CommitUnknown,
}

func anchorOf(kind pgerr.Kind) string { return strings.ReplaceAll(kind.String(), "_", "-") }

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
