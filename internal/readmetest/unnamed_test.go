package readmetest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

var (
	ownAnchorPattern = regexp.MustCompile(`<a id="([^"]+)">`)
	problemOfPattern = regexp.MustCompile(`"/problems/([a-z-]+)"`)
)

// unnamed lists the anchors of a document that are not among those that are named.
func unnamed(document string, named map[string]bool) (left []string) {
	for _, found := range ownAnchorPattern.FindAllStringSubmatch(document, -1) {
		if !named[found[1]] {
			left = append(left, found[1])
		}
	}
	return left
}

// Each error that docs/errors.md explains is one that the code can show: an anchor
// that nothing names explains what is gone.
func TestErrors_explains_only_what_the_code_names(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, path := range goFiles(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range places(string(text)) {
			if anchor, ok := strings.CutPrefix(place, "errors.md#"); ok {
				named[anchor] = true
			}
		}
		for _, found := range problemOfPattern.FindAllStringSubmatch(string(text), -1) {
			named[found[1]] = true
		}
	}
	for _, kind := range anchoredKinds {
		named[anchorOf(kind)] = true
	}
	for _, code := range []string{"P0001", "XX000"} { // of no kind
		for _, place := range places(pgerr.NewServerError(&pgconn.PgError{Code: code}).Error()) {
			named[strings.TrimPrefix(place, "errors.md#")] = true
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, anchor := range unnamed(string(text), named) {
		t.Errorf("docs/errors.md#%s is named by no error", anchor)
	}
	if got := unnamed("<a id=\"gone\"></a>\n<a id=\"stale\"></a>\n", named); len(got) != 1 || got[0] != "gone" {
		t.Errorf("the control: %q", got)
	}
}
