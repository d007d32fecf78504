package migrate_test

import (
	"testing"

	"github.com/retort-go/retort/migrate"
)

// TestStepError_says_what_helps: errors of the server that have their cause in how the
// file is written, not in its SQL.
func TestStepError_says_what_helps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		words []string
	}{
		"a_value_used_where_it_is_added": {"ALTER TYPE said ADD VALUE 'y';\nCREATE TABLE t (v said DEFAULT 'y');", []string{"55P04", "-- +alone"}},
		"code_that_commits":              {"DO $$ BEGIN COMMIT; END $$;", []string{"2D000", "-- +outside repeatable"}},
		"a_rule_that_COMMIT_checks": {
			"CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (1);\nCREATE TABLE q (id int);",
			[]string{"23503", "COMMIT behind it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			db.Exec(t, "CREATE TYPE said AS ENUM ('x')")
			_, err := db.runner(t, files(t, "a:\n-- +up\n"+c.text+"\n")).Upgrade(t.Context(), "head")
			want[*migrate.StepError](t, err, c.words...)
		})
	}
}
