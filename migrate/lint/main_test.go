package lint_test

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// steps reads the section up of a revision. What a revision refuses, such as COMMIT,
// is read as statements of one transaction.
func steps(tb testing.TB, up string) []migrate.Step {
	tb.Helper()
	if r, err := migrate.Parse("x.sql", "-- revision: x\n-- parents:\n-- +up\n"+up); err == nil {
		for i := range r.Up {
			r.Up[i].Line -= 3
			for j := range r.Up[i].Comments {
				r.Up[i].Comments[j].Line -= 3
			}
		}
		return r.Up
	}
	found, _, err := sqltext.Statements(up)
	if err != nil {
		tb.Fatal(err)
	}
	var out []migrate.Step
	for _, s := range found {
		out = append(out, migrate.Step{SQL: s.SQL, Line: s.Line, Comments: s.Comments})
	}
	return out
}

func open(tb testing.TB, setup string) (*retorttest.Database, *retort.Engine) {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	eng, err := retort.Open(retort.Config{URL: db.URL(), Base: retort.NewBase(), PoolSize: 2})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.Background()) })
	if setup != "" {
		db.Exec(tb, setup)
	}
	return db, eng
}
