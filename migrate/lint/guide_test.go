package lint_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/lint"
)

var update = flag.Bool("update", false, "write the list of rules in docs/guides/lint.md anew")

// TestGuide: the guide lists every rule, with the examples that TestRules runs.
func TestGuide(t *testing.T) {
	t.Parallel()
	const file = "../../docs/guides/lint.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- The list is written by `go test ./migrate/lint -update`. -->\n"
	head, got, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatal("the mark is gone")
	}
	var b strings.Builder
	theirs(&b)
	for _, r := range lint.Rules() {
		for _, x := range examples {
			if x.rule == r.ID {
				describe(&b, r, x)
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+mark+b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), got); diff != "" {
		t.Errorf("run go test ./migrate/lint -update (-want +got)\n%s", diff)
	}
}

// theirs lists the rules of others with ours.
func theirs(b *strings.Builder) {
	found := map[string][]string{}
	for _, r := range lint.Rules() {
		for _, like := range r.Like {
			tool, names, _ := strings.Cut(like, ": ")
			for name := range strings.SplitSeq(names, ", ") {
				key := tool + " | " + name
				found[key] = append(found[key], "["+r.ID+"](#"+r.ID+")")
			}
		}
	}
	b.WriteString("\n### Rules of others\n\n| tool | its rule | ours |\n|---|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(b, "| %s | %s |\n", key, strings.Join(found[key], ", "))
	}
}

func describe(b *strings.Builder, r lint.Rule, x example) {
	fmt.Fprintf(b, "\n### %s\n\n%s.", r.ID, strings.ToUpper(r.Severity.String()[:1])+r.Severity.String()[1:])
	if len(r.Like) > 0 {
		fmt.Fprintf(b, " Like %s.", strings.Join(r.Like, "; "))
	}
	fmt.Fprintf(b, "\n\n```sql\n-- found\n%s\n\n-- not found\n%s\n```\n", shortened(x.bad), shortened(x.good))
}

// shortened cuts names that only are there to be long.
func shortened(sql string) string {
	return regexp.MustCompile(`n{20,}`).ReplaceAllStringFunc(strings.TrimSpace(sql), func(name string) string {
		return fmt.Sprintf("nnn… /* %d bytes */", len(name))
	})
}
