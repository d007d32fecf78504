package autogenerate_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate/autogenerate"
)

// TestGeneratedColumnsWaitForTheirValues: a generated column is NOT NULL only once the
// columns that it is made of are, whose values a person gives behind "by hand".
func TestGeneratedColumnsWaitForTheirValues(t *testing.T) {
	t.Parallel()
	const with = "CREATE TABLE notes (id int, title text, body text NOT NULL, aloud text GENERATED ALWAYS AS (upper(body)) STORED NOT NULL)"
	for name, test := range map[string]struct{ before, after string }{
		"both are new":                    {"CREATE TABLE notes (id int, title text)", with},
		"the column that it is made of":   {"CREATE TABLE notes (id int, title text, aloud text GENERATED ALWAYS AS (upper(title)) STORED NOT NULL)", with},
		"from a column that becomes full": {"CREATE TABLE notes (id int, title text, body text)", with},
		"both become full":                {"CREATE TABLE notes (id int, title text, body text, aloud text GENERATED ALWAYS AS (upper(body)) STORED)", with},
		"with a view over it": {
			"CREATE TABLE notes (id int, title text); CREATE VIEW aloud AS SELECT id::text AS aloud FROM notes",
			with + "; CREATE VIEW aloud AS SELECT aloud FROM notes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, models := newDatabase(t, test.before), newDatabase(t, test.after)
			db.Exec(t, "INSERT INTO notes (id, title) VALUES (1, 'a')")
			from, to := db.read(t), models.read(t)
			plan := autogenerate.Build(from, to, compare(t, from, to, everything))
			asked := false
			for i := range plan.Up {
				if s := &plan.Up[i]; s.SQL == "" && strings.Contains(s.Hazards[0].Text, `SET "body" = …`) {
					s.SQL, asked = "UPDATE notes SET body = 'b' WHERE body IS NULL", true
				}
			}
			if !asked {
				t.Fatalf("nobody is asked for values in\n%s", autogenerate.Script(plan.Up))
			}
			db.apply(t, plan.Up)
			if left := compare(t, db.read(t), to, everything); len(left) > 0 {
				t.Errorf("left over:\n%safter\n%s", list(left), autogenerate.Script(plan.Up))
			}
			if got := db.QueryString(t, "SELECT aloud FROM notes"); got != "B" {
				t.Errorf("the row has %q", got)
			}
		})
	}
}
