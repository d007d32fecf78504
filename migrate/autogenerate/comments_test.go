package autogenerate_test

import (
	"testing"

	"github.com/retort-go/retort/migrate/autogenerate"
)

// TestCommentsOutliveWhatIsMadeAgain: a change of an index, a rule, a policy or an enum
// keeps its comment, whether the models have it or nobody claims it.
func TestCommentsOutliveWhatIsMadeAgain(t *testing.T) {
	t.Parallel()
	const comments = `; COMMENT ON TYPE m IS 'type'; COMMENT ON CONSTRAINT c ON t IS 'check'; COMMENT ON CONSTRAINT u ON t IS 'key';
COMMENT ON INDEX i IS 'index'; COMMENT ON INDEX p IS 'part'; COMMENT ON INDEX vi IS 'view'; COMMENT ON POLICY p ON t IS 'policy'; COMMENT ON CONSTRAINT d ON t IS 'enum'`
	schema := func(labels, column string) string {
		return `CREATE TYPE m AS ENUM (` + labels + `);
CREATE TABLE t (a int, b int, m m, CONSTRAINT c CHECK (` + column + ` > 1), CONSTRAINT u UNIQUE (` + column + `), CONSTRAINT d CHECK (m > 'a'));
CREATE INDEX i ON t (` + column + `); CREATE INDEX p ON t (a) WHERE m = 'a'; CREATE POLICY p ON t USING (` + column + ` > 1);
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t; CREATE INDEX vi ON v (` + column + `)`
	}
	for _, test := range []struct {
		name, models string
		opts         autogenerate.Options
	}{
		{"of the models", comments, everything},
		{"of nobody", "", autogenerate.Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t, schema("'a', 'b'", "a")+comments)
			models, commented := newDatabase(t, schema("'b', 'a'", "b")+test.models), newDatabase(t, schema("'b', 'a'", "b")+comments)
			before := db.read(t)
			after := models.read(t)
			plan := autogenerate.Build(before, after, compare(t, before, after, test.opts))
			db.apply(t, plan.Up)
			if left := compare(t, db.read(t), commented.read(t), everything); len(left) > 0 {
				t.Errorf("up leaves\n%s", list(left))
			}
			db.apply(t, plan.Down)
			if left := compare(t, db.read(t), before, everything); len(left) > 0 {
				t.Errorf("down leaves\n%s", list(left))
			}
		})
	}
}
