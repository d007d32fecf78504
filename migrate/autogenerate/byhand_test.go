package autogenerate_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate/autogenerate"
)

// TestWhatAPlanLeavesToPeople: what PostgreSQL refuses, or cannot do, is said where the
// plan is read, before it is run.
func TestWhatAPlanLeavesToPeople(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after, want string }{
		"a field in the middle of a composite type": {
			"CREATE TYPE c AS (a int, b int)", "CREATE TYPE c AS (a int, x text, b int)",
			"the fields of c are in the order a, b, x then",
		},
		"a composite type over an enum that is made anew": {
			"CREATE TYPE m AS ENUM ('a', 'b'); CREATE TYPE c AS (m m)", "CREATE TYPE m AS ENUM ('b', 'a'); CREATE TYPE c AS (m m)",
			"type c is built on m, and m_old cannot be dropped before it is",
		},
		"somebody's view of a column that goes": {
			"CREATE TABLE t (id int, s text); CREATE VIEW v AS SELECT s FROM t", "CREATE TABLE t (id int)",
			"view v, which no model claims, needs s",
		},
		"somebody's policy on a column that goes": {
			"CREATE TABLE t (id int, s text); CREATE POLICY p ON t USING (s = 'a')", "CREATE TABLE t (id int)",
			"policy p, which no model claims, needs s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := newDatabase(t, test.before).read(t), newDatabase(t, test.after).read(t)
			plan := autogenerate.Build(before, after, compare(t, before, after, autogenerate.Options{}))
			if up := autogenerate.Script(plan.Up); !has(plan.Up, autogenerate.ByHand) || !strings.Contains(up, test.want) {
				t.Errorf("want %q in\n%s", test.want, up)
			}
		})
	}
}

// TestLostDataIsNamedWithItsSchema: "every row of issues" would be said of the issues
// that stay as well as of the archive's that go.
func TestLostDataIsNamedWithItsSchema(t *testing.T) {
	t.Parallel()
	const issues = "CREATE TABLE issues (id int, title text); CREATE SCHEMA archive; "
	before := newDatabase(t, issues+"CREATE TABLE archive.issues (id int); CREATE TABLE archive.notes (id int, text text)").read(t)
	after := newDatabase(t, issues+"CREATE TABLE archive.notes (id int)").read(t)
	plan := autogenerate.Build(before, after, compare(t, before, after, everything))
	up, down := autogenerate.Script(plan.Up), autogenerate.Script(plan.Down)
	for _, want := range []string{"deletes data: every row of archive.issues\n", "deletes data: every value of archive.notes.text\n"} {
		if !strings.Contains(up, want) {
			t.Errorf("want %q in\n%s", want, up)
		}
	}
	for _, want := range []string{"the rows of archive.issues do not come back", "the values of archive.notes.text do not come back"} {
		if !strings.Contains(down, want) {
			t.Errorf("want %q in\n%s", want, down)
		}
	}
}
