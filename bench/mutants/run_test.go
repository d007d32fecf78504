package mutants_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/bench/mutants"
)

// TestRun holds the driver to mutants that are known to die and to live.
func TestRun(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	const dir = "mutants/testdata/limit"
	report, err := mutants.Run(t.Context(), mutants.Target{Dir: dir, Tests: []mutants.Tests{{Dir: dir}}}, mutants.Env{Root: root, Patience: time.Second, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]mutants.Fate{}
	for _, m := range report.Results {
		_, key, _ := strings.Cut(m.Key, " ")
		got[key] = m.Fate
	}
	want := map[string]mutants.Fate{
		"Within: n <= limit → true":         mutants.Killed,
		"Within: n <= limit → false":        mutants.Killed,
		"Within: n <= limit → n < limit":    mutants.Killed,
		"Grow: n < 0 → true":                mutants.Killed,
		"Grow: n < 0 → false":               mutants.Killed,
		"Grow: n < 0 → n <= 0":              mutants.Survived,
		"Grow: return errLess → return nil": mutants.Killed,
		"Grow: n > 8 → true":                mutants.Killed,
		"Grow: n > 8 → false":               mutants.Killed,
		"Grow: n > 8 → n >= 8":              mutants.Survived,
		"Grow: n++ → nothing":               mutants.Killed,
		"Grow: n += 0 → nothing":            mutants.Survived,
		"Grow: n + n → n":                   mutants.Killed,
		"Never: n == 1 → true":              mutants.Unreached,
		"Never: n == 1 → false":             mutants.Unreached,
		"Wait: close(c) → nothing":          mutants.Hung,
		"Wait: <-c → nothing":               mutants.Survived,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{dir + " TestAlways"}, report.Left); diff != "" {
		t.Error(diff)
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	reports := []mutants.Report{{Dir: "a", Results: []mutants.Result{
		{Mutant: mutants.Mutant{File: "a/x.go", Key: "a/x.go f: b → true"}, Fate: mutants.Survived},
		{Mutant: mutants.Mutant{File: "a/x.go", Key: "a/x.go f: c → true"}, Fate: mutants.Unreached},
		{Mutant: mutants.Mutant{File: "a/x.go", Key: "a/x.go f: d → true"}, Fate: mutants.Killed},
		{Mutant: mutants.Mutant{File: "a/x.go", Key: "a/x.go f: e → true"}, Fate: mutants.Hung},
	}}}
	judged := mutants.Judged("# x\n- `a/x.go f: b → true`: it is the same.\n- `a/x.go f: d → true`: why\n- `b/y.go g: h → true`: not tried now\n- `no reason`:\n")
	unjudged, stale := mutants.Verdict(reports, judged)
	if diff := cmp.Diff([]string{"a/x.go f: c → true"}, unjudged); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a/x.go f: d → true"}, stale); diff != "" {
		t.Error(diff)
	}
	if table := mutants.Table(reports); !strings.Contains(table, "| `a` | 4 | 1 | 1 | 1 | 1 | 50.0 % |") {
		t.Error(table)
	}
}

func TestWriteTable_keeps_the_lines_of_what_was_not_tried(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(name, []byte("before\n<!-- mutants:begin -->\n<!-- mutants:end -->\nbehind\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	one := mutants.Result{Fate: mutants.Killed}
	for _, r := range []mutants.Report{{Dir: "a"}, {Dir: "b"}, {Dir: "a", Results: []mutants.Result{one}}} {
		if err := mutants.WriteTable(name, []mutants.Report{r}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n<!-- mutants:begin -->\n" + mutants.Table([]mutants.Report{{Dir: "b"}, {Dir: "a", Results: []mutants.Result{one}}}) + "<!-- mutants:end -->\nbehind\n"
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}
