package autogenerate_test

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/autogenerate"
)

// A chain that the server made of row values is written with other parentheses
// once it was read from a file: no difference.
func TestChainsOfRowValues(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE t (a text, b text, CONSTRAINT c CHECK ("
	made := newDatabase(t, table+"(a, b) IN (('x', 'y'), ('(z', 'OR'), ('v', 'w'), ('p', 'q'))))").read(t)
	definition := made.Tables[0].Constraints[0].Definition
	again := newDatabase(t, "CREATE TABLE t (a text, b text, CONSTRAINT c "+definition+")").read(t)
	if again.Tables[0].Constraints[0].Definition == definition {
		t.Fatalf("the server writes %s both times: there is nothing to test", definition)
	}
	if d := compare(t, made, again, everything); len(d) > 0 {
		t.Errorf("false alarm:\n%s", list(d))
	}
	// The controls: another value, another operator, another nesting.
	for _, other := range []string{
		"(a, b) IN (('x', 'y'), ('(z', 'OR'), ('v', 'w'), ('p', 'r'))))",
		"a = 'x' AND b = 'y' AND (a = 'v' OR b = 'w')))",
	} {
		if d := compare(t, made, newDatabase(t, table+other).read(t), everything); len(d) != 1 {
			t.Errorf("%s: %d differences, want 1", other, len(d))
		}
	}
}

// What the server writes of a varchar in a list it writes otherwise once it has read
// it, and a revision holds what it wrote: no difference.
func TestListsOfVarchars(t *testing.T) {
	t.Parallel()
	made := newDatabase(t, `CREATE DOMAIN d AS varchar(5) CHECK (VALUE IN ('a', 'b'));
CREATE TABLE t (s varchar(20) CHECK (s IN ('a', 'it''s', '])::text[]')), d d, g text GENERATED ALWAYS AS (CASE WHEN s IN ('a', 'b') THEN 'x' END) STORED);
CREATE INDEX i ON t (s) WHERE s NOT IN ('a', 'b'); CREATE POLICY p ON t USING (s IN ('a', 'b')); CREATE VIEW v AS SELECT s FROM t WHERE s IN ('a', 'b')`)
	db := newDatabase(t, "")
	before, after := db.read(t), made.read(t)
	db.apply(t, autogenerate.Build(before, after, compare(t, before, after, everything)).Up)
	again := db.read(t)
	if again.Tables[0].Constraints[0].Definition == after.Tables[0].Constraints[0].Definition {
		t.Fatalf("the server writes %s both times: there is nothing to test", again.Tables[0].Constraints[0].Definition)
	}
	if d := compare(t, again, after, everything); len(d) > 0 {
		t.Errorf("false alarm:\n%s", list(d))
	}
	db.Exec(t, "ALTER TABLE t DROP CONSTRAINT t_s_check; ALTER TABLE t ADD CHECK (s IN ('a', 'its', '])::text[]'))") // the control
	if d := compare(t, db.read(t), after, everything); len(d) != 1 {
		t.Errorf("%d differences with another value, want 1", len(d))
	}
}

// Parcel has a status that is a varchar.
type Parcel struct {
	retort.BigintKey
	Status string
}

func (Parcel) Define(d *retort.Definition[Parcel]) {
	d.Column(&d.C.Status).Type("varchar(20)")
	d.Check("status", "status IN ('open', 'sent')")
	d.Index(&d.C.Status).Where("status IN ('open', 'lost')")
}

// A database that revisions have made is what the models say, to CreateAll and Verify, too.
func TestListsOfVarcharsBesideCreateAll(t *testing.T) {
	t.Parallel()
	base := retort.NewBase(retort.NewTable[Parcel]("parcels"))
	db := newDatabase(t, "")
	found, err := autogenerate.Generate(t.Context(), db.eng, base, config(t))
	if err != nil {
		t.Fatal(err)
	}
	db.apply(t, found.Plan.Up)
	eng, err := retort.Open(retort.Config{URL: db.URL(), Base: base})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close(context.WithoutCancel(t.Context()))
	if err := base.CreateAll(t.Context(), eng); err != nil {
		t.Error(err)
	}
	if err := eng.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRendered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "",
		"((a OR b) OR c)":                "(a OR b OR c)",
		"(((a OR b) OR c) OR d)":         "(a OR b OR c OR d)",
		"((a AND b) OR c)":               "((a AND b) OR c)",
		"(a OR (b OR c))":                "(a OR (b OR c))",
		"f((a AND b) AND c)":             "f(a AND b AND c)",
		"((a = ') OR (') OR b)":          "((a = ') OR (') OR b)",
		`(("x OR y" = 1) OR b)`:          `(("x OR y" = 1) OR b)`,
		"((a = 'it''s') OR (b OR c))":    "((a = 'it''s') OR (b OR c))",
		"(((a OR b)) OR c)":              "(((a OR b)) OR c)",
		"((a OR b) OR c) AND ((d":        "(a OR b OR c) AND ((d",
		"a) OR ((b OR c) OR d":           "a) OR ((b OR c) OR d",
		"NOT ((a OR b) OR c)":            "NOT (a OR b OR c)",
		"(((a AND b) AND c) OR (d))":     "((a AND b AND c) OR (d))",
		"CHECK (((a OR b) OR (c OR d)))": "CHECK ((a OR b OR (c OR d)))",

		"(s = ANY ((ARRAY['a'::character varying, 'b'])::text[]))": "(s = ANY (ARRAY[('a'::character varying)::text, ('b')::text]))",
		"(ARRAY['], x', f(a, b), \"q,\"])::numeric(5,2)[] = c":     "ARRAY[('], x')::numeric(5,2), (f(a, b))::numeric(5,2), (\"q,\")::numeric(5,2)] = c",
		"(ARRAY[a, b] = c) AND d[1] = e[]":                         "(ARRAY[a, b] = c) AND d[1] = e[]",
		"(ARRAY[a])::text = b[]":                                   "(ARRAY[a])::text = b[]",
		"(ARRAY[a":                                                 "(ARRAY[a",
	} {
		if got := autogenerate.Rendered(text); got != want {
			t.Errorf("Rendered(%q) = %q, want %q", text, got, want)
		}
		if again := autogenerate.Rendered(want); again != want {
			t.Errorf("Rendered(%q) = %q: a second time it changes", want, again)
		}
	}
}
