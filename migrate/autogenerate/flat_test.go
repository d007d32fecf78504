package autogenerate_test

import (
	"testing"

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

func TestFlat(t *testing.T) {
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
	} {
		if got := autogenerate.Flat(text); got != want {
			t.Errorf("flat(%q) = %q, want %q", text, got, want)
		}
		if again := autogenerate.Flat(want); again != want {
			t.Errorf("flat(%q) = %q: a second time it changes", want, again)
		}
	}
}
