package retort_test

import (
	"errors"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/retorttest"
)

// Locks and settings of a connection do not hold behind PgBouncer: a migration says
// so before it has changed anything, be the pooler known to the engine or not.
func TestMigrations_refuse_a_pooler(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{false, true} {
		db := retorttest.NewDatabase(t, retorttest.Template{})
		b := startBouncer(t, db)
		eng, err := retort.Open(retort.Config{URL: b.url, Pooler: known})
		must(t, err)
		closing(t, eng.Close)
		history, err := migrate.NewHistory(&migrate.Revision{ID: "a", Up: []migrate.Step{{SQL: "CREATE TABLE a (id int)"}}})
		must(t, err)
		runner, err := migrate.New(eng, history, migrate.Options{})
		must(t, err)
		_, err = runner.Upgrade(t.Context(), "head")
		if _, ok := errors.AsType[*migrate.PoolerError](err); !ok {
			t.Errorf("known %v: got %v, want a *migrate.PoolerError", known, err)
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"); n != 0 {
			t.Errorf("known %v: it has made %d tables", known, n)
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%migrate.session%SET%' AND pid <> pg_backend_pid()"); n != 0 {
			t.Errorf("known %v: it has left settings on %d connections", known, n)
		}
	}
}
