package retort_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// TestText_is_stored_as_written_whatever_the_encoding_is meets databases and roles for
// which the server would take what comes for something else than UTF-8.
func TestText_is_stored_as_written_whatever_the_encoding_is(t *testing.T) {
	t.Parallel()
	server := serverWith(t, nil)
	admin, err := pgx.Connect(t.Context(), server.URL("postgres"))
	must(t, err)
	defer admin.Close(context.Background())
	for _, sql := range []string{
		"CREATE DATABASE western ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
		"CREATE ROLE western LOGIN", "ALTER ROLE western SET client_encoding = 'LATIN1'",
	} {
		_, err := admin.Exec(t.Context(), sql)
		must(t, err)
	}
	for name, url := range map[string]string{
		"database": server.URL("western"), "role": strings.Replace(server.URL("postgres"), "retort@", "western@", 1),
	} {
		eng := open(t, retort.Config{URL: url, PoolSize: 1})
		for _, when := range []string{"at first", "behind a reset"} {
			s := eng.Session()
			length, err := retort.SQL[int]("SELECT length($1::text)", "é").One(t.Context(), s)
			must(t, err)
			back, err := retort.SQL[string]("SELECT $1::text", "é").One(t.Context(), s)
			must(t, err)
			if length != 1 || back != "é" {
				t.Errorf("%s, %s: an é has %d characters and comes back as %q", name, when, length, back)
			}
			_, err = s.Exec(t.Context(), "SET client_encoding = 'LATIN1'")
			must(t, err)
			must(t, s.Commit(t.Context()))
		}
	}
}

func TestLender_of_another_encoding_is_refused(t *testing.T) {
	t.Parallel()
	d := retorttest.NewDatabase(t, retorttest.Template{})
	pool := &stack{url: d.URL() + "&client_encoding=LATIN1", idle: make(chan *pgx.Conn, 1)}
	pool.idle <- nil
	eng, err := retort.Open(retort.Config{Lender: retort.LendFrom(pool.Acquire)})
	must(t, err)
	if err := eng.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "client_encoding LATIN1") {
		t.Errorf("got %v", err)
	}
	must(t, (<-pool.idle).Close(t.Context()))
}
