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

// TestPlansBesideOthers: what no model claims does not stop a plan, nor lose anything.
func TestPlansBesideOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after string
		opts          autogenerate.Options
	}{
		"index of a partitioned table": {
			before: "CREATE TYPE m AS ENUM ('a', 'b'); CREATE TABLE p (id int, m m) PARTITION BY RANGE (id); CREATE INDEX ix ON p (m)",
			after:  "CREATE TYPE m AS ENUM ('b', 'a')",
		},
		"key of a partitioned table": {
			before: "CREATE TYPE m AS ENUM ('a', 'b'); CREATE TABLE p (id int, m m, CONSTRAINT u UNIQUE (id, m)) PARTITION BY RANGE (id)",
			after:  "CREATE TYPE m AS ENUM ('b', 'a')",
		},
		"policy of a table that goes": {
			before: "CREATE TABLE u (id int); CREATE TABLE t (id int); CREATE POLICY p ON t USING (id IN (SELECT u.id FROM u))",
			after:  "CREATE TABLE u (id bigint)", opts: everything,
		},
		"foreign key of a table that goes": {
			before: "CREATE TABLE u (id int UNIQUE); CREATE TABLE t (id int REFERENCES u (id))",
			after:  "CREATE TABLE u (id int)", opts: everything,
		},
		"replica identity": {
			before: "CREATE TABLE t (id int NOT NULL); CREATE UNIQUE INDEX ix ON t (id); ALTER TABLE t REPLICA IDENTITY USING INDEX ix",
			after:  "CREATE TABLE t (id int NOT NULL)",
		},
		"function with another argument that tables and domains call": {
			before: `CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE DOMAIN d AS int CHECK (f(VALUE) > 0);
CREATE TABLE gone (n int DEFAULT f(1)); CREATE TABLE t (n int DEFAULT f(1), m d CHECK (f(n) > 0), g int GENERATED ALWAYS AS (f(n)) STORED); CREATE INDEX ix ON t (f(n))`,
			after: `CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE DOMAIN d AS int CHECK (f('1'::text) > 0);
CREATE TABLE t (n int DEFAULT f('1'::text), m d CHECK (f('1'::text) > 0), g int GENERATED ALWAYS AS (f('1'::text)) STORED); CREATE INDEX ix ON t (f('1'::text))`, opts: everything,
		},
		"function that gets an argument": {
			before: "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f(1) AS n",
			after:  "CREATE FUNCTION f(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f(1) AS n", opts: everything,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t, test.before)
			before, after := db.read(t), newDatabase(t, test.after).read(t)
			plan := autogenerate.Build(before, after, compare(t, before, after, test.opts))
			db.apply(t, plan.Up)
			if left := compare(t, db.read(t), after, test.opts); len(left) > 0 {
				t.Errorf("up leaves:\n%s", list(left))
			}
			db.apply(t, plan.Down)
			if left := compare(t, db.read(t), before, everything); len(left) > 0 {
				t.Errorf("down leaves:\n%safter\n%s", list(left), autogenerate.Script(plan.Down))
			}
		})
	}
}
