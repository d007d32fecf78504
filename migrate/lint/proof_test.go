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

// TestProofAmongOthers: a check that says more than NOT NULL is a proof, too; one that
// says it in one case of two is none.
func TestProofAmongOthers(t *testing.T) {
	t.Parallel()
	for check, want := range map[string]bool{
		"a IS NOT NULL AND b > 0": false, "b > 0 AND (a IS NOT NULL)": false, `("a" IS NOT NULL AND length(a) > 0)`: false, "(a IS NOT NULL)": false,
		"a IS NOT NULL OR b > 0": true, "b IS NOT NULL AND c > 0": true, "(a IS NOT NULL) = b": true, "a > 0": true, "NOT (a IS NOT NULL)": true,
		"a IS NOT NULL AND b > 0 OR c": true, "b BETWEEN 1 AND a IS NOT NULL": true,
	} {
		rev, err := migrate.Parse("", "-- revision: a\n-- parents:\n-- +up\nALTER TABLE t ADD CONSTRAINT p CHECK ("+check+") NOT VALID;\n-- +alone\nALTER TABLE t VALIDATE CONSTRAINT p;\nALTER TABLE t ALTER a SET NOT NULL;\n")
		if err != nil {
			t.Fatal(err)
		}
		found := lint.Check(rev.Up, lint.Options{})
		if got := slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Rule == "not-null-scans" }); got != want {
			t.Errorf("found %t, want %t, behind %s", got, want, check)
		}
	}
}

// TestFindings_of_one_statement: what is said of it, and how often.
func TestFindings_of_one_statement(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]string{
		"UPDATE t SET a = 1 WHERE true":                  {"write-all-at-once"},
		"UPDATE t SET a = 1 WHERE (1=1) RETURNING a":     {"write-all-at-once"},
		"UPDATE t SET a = 1 WHERE true AND b":            nil,
		"DELETE FROM t WHERE TRUE;":                      {"delete-all"},
		"DELETE FROM t USING u WHERE t.a = u.a":          nil,
		"DROP TABLE a, b CASCADE":                        {"drop-table", "cascade", "drop-table"},
		"TRUNCATE a, b CASCADE":                          {"truncate", "cascade", "truncate"},
		"DROP VIEW IF EXISTS a, s.b CASCADE":             {"cascade", "drop-view", "drop-view"},
		"DROP MATERIALIZED VIEW a":                       {"drop-view"},
		"DROP FUNCTION a(int, text), b(int)":             nil,
		"ALTER VIEW s.v RENAME COLUMN a TO b":            {"rename-object"},
		"ALTER MATERIALIZED VIEW v RENAME a TO b":        {"rename-object"},
		"ALTER VIEW v RENAME TO w":                       {"rename-object"},
		"ALTER VIEW v SET (security_barrier)":            nil,
		"ALTER VIEW v ALTER COLUMN rename SET DEFAULT 1": nil,
	} {
		var got []string
		for _, f := range lint.Check([]migrate.Step{{SQL: sql}}, lint.Options{}) {
			got = append(got, f.Rule)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
