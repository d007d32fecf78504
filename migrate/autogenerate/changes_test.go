package autogenerate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
)

// change is one entry of schema-changes.txt, or one of ours in the same form.
type change struct {
	name, before, after string
	silent              bool
	renames             []autogenerate.Renaming
}

// parseChanges reads the form that the head of the file explains.
func parseChanges(tb testing.TB, file string) []change {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	var out []change
	for _, entry := range strings.Split(string(text), "\n== ")[1:] {
		lines := strings.Split(entry, "\n")
		c := change{name: strings.TrimSpace(lines[0])}
		for _, line := range lines[1:] {
			key, value, _ := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch key {
			case "expect":
				c.silent = value == "none"
			case "before":
				c.before = strings.TrimSuffix(value, "(empty)")
			case "after":
				c.after = value
			}
		}
		out = append(out, c)
	}
	return out
}

// TestSchemaChanges runs the list as it stands: changes are seen, planned, written
// as a revision's file, applied and undone by the runner; the silent ones are silent.
func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	changes := parseChanges(t, "schema-changes.txt")
	seen, silent := 0, 0
	for _, c := range changes {
		if c.silent {
			silent++
		} else {
			seen++
		}
	}
	if seen != 55 || silent != 7 {
		t.Errorf("the list has %d changes and %d silent entries, it had 55 and 7", seen, silent)
	}
	public := func(kind catalog.Kind, table, from, to string) change {
		c := change{name: string(kind) + " renamed by a hint", renames: []autogenerate.Renaming{{Kind: kind, Table: table, From: from, To: to}}}
		return c
	}
	for _, hinted := range []change{public(catalog.KindTable, "", "t", "t2"), public(catalog.KindColumn, "t", "a", "b"), public(catalog.KindType, "", "mood", "mood2")} {
		for _, c := range changes {
			if c.name == map[catalog.Kind]string{catalog.KindTable: "rename table", catalog.KindColumn: "rename column", catalog.KindType: "enum renamed"}[hinted.renames[0].Kind] {
				hinted.before, hinted.after = c.before, c.after
			}
		}
		changes = append(changes, hinted)
	}
	for _, c := range slices.Concat(changes, parseChanges(t, "more-changes.txt"), parseChanges(t, "newer-changes.txt")) {
		t.Run(strings.NewReplacer(" ", "_", "/", "_").Replace(c.name), func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

func (c change) run(t *testing.T) {
	// What older servers do not know is in the list all the same.
	since := map[string]int{
		"unique nulls not distinct": 150000, "sequence changed": 150000, "identity of a partitioned table": 170000,
		"key without overlaps": 180000, "virtual column with not null": 180000,
	}
	if needs := since[c.name]; needs > 0 {
		if have := newDatabase(t, "").read(t).Version; have < needs {
			t.Skipf("PostgreSQL %d and newer have it, this is %d", needs/10000, have/10000)
		}
	}
	db, models := newDatabase(t, c.before), newDatabase(t, c.after)
	before, after := db.read(t), models.read(t)
	opts := everything
	opts.Renames = c.renames
	differences := compare(t, before, after, opts)
	if c.silent {
		if len(differences) > 0 {
			t.Errorf("false alarm:\n%s", list(differences))
		}
		return
	}
	if len(differences) == 0 {
		t.Fatal("not seen")
	}
	plan := autogenerate.Build(before, after, differences)
	if before.Version/10000 == 15 {
		golden(t, "changes/"+strings.NewReplacer(" ", "_", "/", "_", "(", "_", ")", "_", ",", "_").Replace(c.name)+".txtar", archive(c.before, c.after, differences, plan))
	}
	runner := db.runner(t, readsBack(t, plan))
	if _, err := runner.Upgrade(t.Context(), "head"); err != nil {
		t.Fatalf("up: %v", err)
	}
	if left := compare(t, db.read(t), after, opts); len(left) > 0 {
		t.Fatalf("up leaves:\n%s\nafter\n%s", list(left), autogenerate.Script(plan.Up))
	}
	if _, err := runner.Downgrade(t.Context(), "base"); err != nil {
		t.Fatalf("down: %v", err)
	}
	left := compare(t, db.read(t), before, everything)
	if c.name == "index invalid" { // nobody wants that one back, and the plan says so
		if len(left) != 1 || !has(plan.Down, autogenerate.CannotUndo) {
			t.Errorf("down leaves:\n%s", list(left))
		}
		return
	}
	if len(left) > 0 {
		t.Fatalf("down leaves:\n%s\nafter\n%s", list(left), autogenerate.Script(plan.Down))
	}
}

// TestRenamesAreAskedFor: without a hint the plan drops and adds, and asks.
func TestRenamesAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ before, after, want string }{
		{"CREATE TABLE t (id int, a text)", "CREATE TABLE t (id int, b text)", "if a is called b now"},
		{"CREATE TABLE t (id int)", "CREATE TABLE u (id int)", "if t is called u now"},
		{"CREATE TABLE t (id int, a text)", "CREATE TABLE t (id int, b int)", ""},
		{"CREATE TABLE t (id int)", "CREATE TABLE u (id bigint)", ""},
	} {
		before, after := newDatabase(t, test.before).read(t), newDatabase(t, test.after).read(t)
		up := autogenerate.Script(autogenerate.Build(before, after, compare(t, before, after, everything)).Up)
		if strings.Contains(up, "Options.Renames") != (test.want != "") || !strings.Contains(up, test.want) {
			t.Errorf("%s, %s: want %q in\n%s", test.before, test.after, test.want, up)
		}
	}
}

// TestNumbersGoOn: a sequence that is made for a column with rows counts on
// behind them, up and down.
func TestNumbersGoOn(t *testing.T) {
	t.Parallel()
	db := newDatabase(t, "CREATE TABLE t (id serial PRIMARY KEY, note text); INSERT INTO t (note) SELECT 'x' FROM generate_series(1, 7)")
	models := newDatabase(t, "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, note text)")
	before, after := db.read(t), models.read(t)
	plan := autogenerate.Build(before, after, compare(t, before, after, everything))
	for i, steps := range [][]autogenerate.Step{plan.Up, plan.Down} {
		db.apply(t, steps)
		if got, want := db.QueryInt(t, "INSERT INTO t (note) VALUES ('y') RETURNING id"), int64(8+i); got != want {
			t.Errorf("the next number is %d, want %d after\n%s", got, want, autogenerate.Script(steps))
		}
	}
}

// TestRowsSurvive: what changes its form keeps its rows.
func TestRowsSurvive(t *testing.T) {
	t.Parallel()
	db := newDatabase(t, `CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'a', ms mood[], s varchar(10), n int);
INSERT INTO t VALUES (1, 'b', '{a,b}', '12', 5), (2, NULL, NULL, NULL, NULL)`)
	models := newDatabase(t, `CREATE TYPE mood AS ENUM ('b', 'a'); CREATE TABLE t (id bigint PRIMARY KEY, m mood DEFAULT 'b', ms mood[], s int, n text)`)
	before, after := db.read(t), models.read(t)
	plan := autogenerate.Build(before, after, compare(t, before, after, everything))
	want := []string{"1 | b | {a,b} | 12 | 5", "2 | NULL | NULL | NULL | NULL"}
	for i, steps := range [][]autogenerate.Step{plan.Up, plan.Down} {
		db.apply(t, steps)
		if diff := cmp.Diff(want, db.Rows(t, fmt.Sprintf("/* %d */ SELECT id, m, ms, s, n FROM t ORDER BY id", i))); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNothingUnclaimedIsDropped: without being asked, Compare leaves alone what no
// model names, and takes care of what models no longer say of their own tables.
func TestNothingUnclaimedIsDropped(t *testing.T) {
	t.Parallel()
	database := newDatabase(t, `CREATE SCHEMA theirs; CREATE TABLE theirs.x (id int); CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('a'); CREATE SEQUENCE sq;
CREATE TABLE old (id int); CREATE VIEW v AS SELECT 1 AS n; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TABLE t (id int, gone int, CONSTRAINT ck CHECK (id > 0)) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9); CREATE INDEX ix ON t (id);
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true);
COMMENT ON TABLE t IS 'theirs'`).read(t)
	models := newDatabase(t, "CREATE TABLE t (id int) PARTITION BY RANGE (id)").read(t)
	for _, test := range []struct {
		name string
		opts autogenerate.Options
		want string
	}{
		{"by_default", autogenerate.Options{}, "drop column t.gone\ndrop constraint t.ck\ndrop index t.ix\n"},
		{"partitions_when_asked", autogenerate.Options{DropPartitions: true}, "drop column t.gone\ndrop constraint t.ck\ndrop index t.ix\ndrop table t1\n"},
		{"the_rest_when_asked", everything, `drop schema theirs
drop extension hstore
drop type mood
drop sequence sq
drop function f()
drop table old
alter table t: row security: ENABLE → none
alter table t: comment: theirs → none
drop column t.gone
drop constraint t.ck
drop index t.ix
drop trigger t.tr
drop policy t.p
drop table theirs.x
drop view v
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, list(compare(t, database, models, test.opts))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
