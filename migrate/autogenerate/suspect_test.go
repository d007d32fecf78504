package autogenerate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate/autogenerate"
)

// Suspects are what a person is asked about; none of them changes the plan.
func TestSuspects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after, want string }{
		"a column of the same type":         {"CREATE TABLE t (id int, a text)", "CREATE TABLE t (id int, b text)", "column t a b"},
		"a column of another type":          {"CREATE TABLE t (id int, a text)", "CREATE TABLE t (id int, b int)", ""},
		"two that could be it":              {"CREATE TABLE t (a text)", "CREATE TABLE t (b text, c text)", "column t a b, column t a c"},
		"a column of another table":         {"CREATE TABLE t (id int, a text); CREATE TABLE u (id int)", "CREATE TABLE t (id int); CREATE TABLE u (id int, b text)", ""},
		"a table of the same columns":       {"CREATE TABLE t (id int, a text)", "CREATE TABLE u (id int, a text)", "table  t u"},
		"a table of other columns":          {"CREATE TABLE t (id int)", "CREATE TABLE u (id bigint)", ""},
		"a table that still is there":       {"CREATE TABLE t (id int)", "CREATE TABLE t (id int); CREATE TABLE u (id int)", ""},
		"nothing that is gone":              {"", "CREATE TABLE u (id int)", ""},
		"nothing that is new":               {"CREATE TABLE t (id int)", "", ""},
		"a partition, which is its table's": {"CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE q (id int)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := newDatabase(t, test.before).read(t), newDatabase(t, test.after).read(t)
			c := autogenerate.Candidate{Database: before, Models: after, Differences: compare(t, before, after, autogenerate.Options{})}
			var got []string
			for _, r := range c.Suspects() {
				got = append(got, fmt.Sprintf("%s %s %s %s", r.Kind, r.Table, r.From, r.To))
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("suspects %q, want %q", got, test.want)
			}
		})
	}

	t.Run("in a table that is renamed, and that of the same nullability first", func(t *testing.T) {
		t.Parallel()
		before := newDatabase(t, "CREATE TABLE t (id int, a text NOT NULL)").read(t)
		after := newDatabase(t, "CREATE TABLE u (id int, b text, c text NOT NULL)").read(t)
		opts := autogenerate.Options{Renames: []autogenerate.Renaming{{Kind: "table", From: "t", To: "u"}}}
		c := autogenerate.Candidate{Database: before, Models: after, Differences: compare(t, before, after, opts)}
		if got := fmt.Sprint(c.Suspects()); got != "[{column public u a c} {column public u a b}]" {
			t.Errorf("suspects %s", got)
		}
	})

	t.Run("once told, it asks no more", func(t *testing.T) {
		t.Parallel()
		before, after := newDatabase(t, "CREATE TABLE t (id int)").read(t), newDatabase(t, "CREATE TABLE u (id int); CREATE TABLE v (id int)").read(t)
		opts := autogenerate.Options{Renames: []autogenerate.Renaming{{Kind: "table", From: "t", To: "u"}}}
		c := autogenerate.Candidate{Database: before, Models: after, Differences: compare(t, before, after, opts)}
		if got := c.Suspects(); len(got) > 0 {
			t.Errorf("suspects %v, though the rename is known", got)
		}
	})
}
