package hazard_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// server is a database that two connections work on.
type server struct {
	db    *sql.DB
	major int
}

func newServer(tb testing.TB, setup ...string) server {
	tb.Helper()
	d := retorttest.NewDatabase(tb, retorttest.Template{})
	eng, err := retort.Open(retort.Config{URL: d.URL(), Base: retort.NewBase(), PoolSize: 3})
	if err != nil {
		tb.Fatal(err)
	}
	db := sql.OpenDB(eng.Connector())
	tb.Cleanup(func() {
		_ = db.Close()
		_ = eng.Close(context.Background())
	})
	for _, s := range setup {
		d.Exec(tb, s)
	}
	s := server{db: db}
	var version int
	if err := db.QueryRowContext(tb.Context(), "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		tb.Fatal(err)
	}
	s.major = version / 10000
	return s
}
