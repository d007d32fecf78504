package statement_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/statement"
	"github.com/retort-go/retort/localpg"
)

// connect gives a connection with an open transaction in which sql has run.
func connect(t *testing.T, sql string) *pgx.Conn {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "BEGIN"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	conn := connect(t, `CREATE TABLE t (gone int, id bigint PRIMARY KEY, "A b" text NOT NULL, n int DEFAULT 3, m numeric(5,2)); ALTER TABLE t DROP gone;
		CREATE TABLE log (t_id bigint, at timestamptz DEFAULT now()); INSERT INTO t VALUES (1, 'x')`)
	for _, test := range []struct {
		name, sql string
		params    []string
		want      statement.Description
	}{
		{"an_insert_and_what_it_leaves_empty", `INSERT INTO t (id) VALUES ($1) RETURNING n`, nil, statement.Description{
			Params: []string{"bigint"}, Columns: []statement.Column{{"n", "integer"}}, Planned: true,
			Uses:   []statement.Use{{"public", "t", "id"}, {"public", "t", "n"}},
			Writes: []statement.Write{{"Insert", "public", "t", []string{"A b", "m"}}},
		}},
		{"rows_out_of_arrays", `INSERT INTO t (id, "A b") SELECT * FROM unnest($1::bigint[], $2::text[])`, []string{"bigint[]", "text[]"}, statement.Description{
			Params: []string{"bigint[]", "text[]"}, Planned: true,
			Uses:   []statement.Use{{"public", "t", "A b"}, {"public", "t", "id"}},
			Writes: []statement.Write{{"Insert", "public", "t", []string{"m"}}},
		}},
		{"two_writes_in_one", "WITH u AS (UPDATE t SET n = $2 WHERE id = $1 RETURNING id) INSERT INTO log (t_id) SELECT id FROM u -- all of them", nil, statement.Description{
			Params: []string{"bigint", "integer"}, Planned: true,
			Uses:   []statement.Use{{"public", "log", "t_id"}, {"public", "t", "id"}, {"public", "t", "n"}},
			Writes: []statement.Write{{"Insert", "public", "log", nil}, {"Update", "public", "t", nil}},
		}},
		{"a_read_that_locks", "SELECT m FROM t WHERE id = $1 FOR UPDATE;", []string{""}, statement.Description{
			Params: []string{"bigint"}, Columns: []statement.Column{{"m", "numeric"}}, Planned: true,
			Uses: []statement.Use{{"public", "t", "id"}, {"public", "t", "m"}},
		}},
		{"a_utility_statement", "LOCK TABLE t", nil, statement.Description{Params: []string{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := statement.Describe(t.Context(), conn, test.sql, test.params)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}

	t.Run("what_the_server_refuses", func(t *testing.T) {
		for _, sql := range []string{"SELECT missing FROM t", "not SQL", "SELECT 1; SELECT 2", ""} {
			_, err := statement.Describe(t.Context(), conn, sql, nil)
			if _, refused := errors.AsType[*pgconn.PgError](err); !refused && sql != "" {
				t.Errorf("Describe(%q) = %v", sql, err)
			}
		}
		if _, err := statement.Describe(t.Context(), conn, "SELECT $1", []string{"no_type"}); err == nil || !strings.Contains(err.Error(), "no_type") {
			t.Errorf("Describe with a type that is gone = %v", err)
		}
	})

	t.Run("leaves_nothing_behind", func(t *testing.T) {
		var rows, functions, statements int
		err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM pg_proc WHERE proname = 'retort_described'),
			(SELECT count(*) FROM pg_prepared_statements WHERE name = 'retort_described')`).Scan(&rows, &functions, &statements)
		if err != nil || rows != 1 || functions+statements != 0 {
			t.Errorf("%d rows, %d functions, %d statements, %v", rows, functions, statements, err)
		}
	})
}

func TestCheckable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`/* retort:table.copy */ COPY "my, table" ("a", "b,""c") FROM STDIN (FORMAT binary)`: `INSERT INTO "my, table" ("a", "b,""c") VALUES ($1, $2)`,
		`copy s.t (id) from stdin`:              `INSERT INTO s.t (id) VALUES ($1)`,
		`COPY "s"."t" ("id") FROM STDIN BINARY`: `INSERT INTO "s"."t" ("id") VALUES ($1)`,
		`COPY (SELECT 1) TO STDOUT`:             `COPY (SELECT 1) TO STDOUT`,
		`SELECT 'COPY t (a) FROM STDIN'`:        `SELECT 'COPY t (a) FROM STDIN'`,
	} {
		if got := statement.Checkable(in); got != want {
			t.Errorf("Checkable(%s) = %s, want %s", in, got, want)
		}
	}
}
