package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/lint"
)

// TestProofOfNotNull: SET NOT NULL reads all rows where the check that proves it is
// gone by then, and reads nothing however the table is named.
func TestProofOfNotNull(t *testing.T) {
	t.Parallel()
	const add, prove = "ALTER TABLE public.t ADD CONSTRAINT p CHECK (a IS NOT NULL) NOT VALID;\n", "-- +alone\nALTER TABLE t VALIDATE CONSTRAINT p;\n"
	const drop, set = "ALTER TABLE t DROP CONSTRAINT IF EXISTS p;\n", "ALTER TABLE t ALTER a SET NOT NULL;\n"
	for text, want := range map[string]bool{add + prove + set + drop: false, add + prove + drop + set: true, strings.ReplaceAll(add+prove+drop+set, "public.", ""): true} {
		rev, err := migrate.Parse("", "-- revision: a\n-- parents:\n-- +up\n"+text)
		if err != nil {
			t.Fatal(err)
		}
		found := lint.Check(rev.Up, lint.Options{})
		if got := slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Rule == "not-null-scans" }); got != want {
			t.Errorf("found %t, want %t, in\n%s", got, want, text)
		}
	}
}

// TestLockOfSeveralTables: each of them is found.
func TestLockOfSeveralTables(t *testing.T) {
	t.Parallel()
	var got []string
	for _, f := range lint.Check([]migrate.Step{{SQL: `LOCK TABLE a, ONLY "B" IN EXCLUSIVE MODE NOWAIT`}}, lint.Options{}) {
		got = append(got, f.Text)
	}
	want := []string{"LOCK TABLE holds EXCLUSIVE on a to the end of the transaction", `LOCK TABLE holds EXCLUSIVE on "B" to the end of the transaction`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestIndexOfAPartitionedTableAlone: the first step of building one without a lock is no
// finding.
func TestIndexOfAPartitionedTableAlone(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]int{"CREATE INDEX ix ON ONLY events (at)": 0, "CREATE INDEX ix ON events (at)": 1} {
		if found := lint.Check([]migrate.Step{{SQL: sql}}, lint.Options{}); len(found) != want {
			t.Errorf("%s: %v", sql, found)
		}
	}
}
