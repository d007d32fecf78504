package autogenerate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/autogenerate"
)

// TestWhatIsMadeAgainKeepsWhatNobodyClaims: views and functions that have to be dropped
// for a while, and generated columns, come back with comments and triggers that no model
// says, up and down; that their privileges do not is said.
func TestWhatIsMadeAgainKeepsWhatNobodyClaims(t *testing.T) {
	t.Parallel()
	const models = `CREATE TABLE t (a %, g % GENERATED ALWAYS AS (a) STORED); CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE FUNCTION f() RETURNS % LANGUAGE sql AS 'SELECT 1::%';`
	db := newDatabase(t, strings.ReplaceAll(models, "%", "int")+`CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tf(); COMMENT ON COLUMN t.g IS 'of a column'; COMMENT ON VIEW v IS 'of a view';
COMMENT ON COLUMN v.a IS 'of its column'; COMMENT ON MATERIALIZED VIEW m IS 'of a materialized one'; COMMENT ON FUNCTION f() IS 'of a function'`)
	before, after := db.read(t), newDatabase(t, strings.ReplaceAll(models, "%", "bigint")).read(t)
	plan := autogenerate.Build(before, after, compare(t, before, after, autogenerate.Options{}))
	want := []string{"of a column | of a view | of its column | of a materialized one | of a function | tr"}
	for i, steps := range [][]autogenerate.Step{plan.Up, plan.Down} {
		db.apply(t, steps)
		if diff := cmp.Diff(want, db.Rows(t, strings.Repeat(" ", i)+`SELECT col_description('t'::regclass, (SELECT attnum FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'g')),
obj_description('v'::regclass), col_description('v'::regclass, 1), obj_description('m'::regclass), obj_description('f'::regproc),
(SELECT string_agg(tgname, ',') FROM pg_trigger WHERE tgrelid = 'v'::regclass)`)); diff != "" {
			t.Errorf("(-want +got)\n%s\nafter\n%s", diff, autogenerate.Script(steps))
		}
		if got := strings.Count(autogenerate.Script(steps), "privileges on"); got != 3 {
			t.Errorf("privileges are spoken of %d times, want 3, in\n%s", got, autogenerate.Script(steps))
		}
	}
	if left := compare(t, db.read(t), before, everything); len(left) > 0 {
		t.Errorf("down leaves:\n%s", list(left))
	}
}
