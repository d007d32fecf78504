package autogenerate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
)

// readsBack holds the file of a plan to it: the runner accepts each statement in
// the mode that the plan gave it. It gives what was read.
func readsBack(t *testing.T, plan *autogenerate.Plan) *migrate.Revision {
	t.Helper()
	want := plan.Revision()
	want.ID, want.Message = "r1", "a change"
	text := migrate.Format(want)
	got, err := migrate.Parse("r1_a_change.sql", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for name, pair := range map[string][2][]migrate.Step{"up": {want.Up, got.Up}, "down": {want.Down, got.Down}} {
		if diff := cmp.Diff(statements(pair[0]), statements(pair[1])); diff != "" {
			t.Errorf("%s (-plan +file):\n%s\n%s", name, diff, text)
		}
	}
	if again := migrate.Format(got); again != text {
		t.Errorf("the file is written anew (-first +second):\n%s", cmp.Diff(text, again))
	}
	return got
}

// runner is that of a database and one revision.
func (d database) runner(tb testing.TB, r *migrate.Revision) *migrate.Runner {
	tb.Helper()
	history, err := migrate.NewHistory(r)
	if err != nil {
		tb.Fatal(err)
	}
	runner, err := migrate.New(d.eng, history, migrate.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return runner
}

func statements(steps []migrate.Step) []string {
	var out []string
	for _, s := range steps {
		if s.SQL != "" {
			out = append(out, string(s.Mode)+": "+s.SQL)
		}
	}
	return out
}
