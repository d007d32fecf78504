package retorttest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// filled is a template with one table, and a count of how often it was filled.
func filled(key string) (Template, *atomic.Int64) {
	var fills atomic.Int64
	return Template{Key: key, Fill: func(ctx context.Context, url string) error {
		fills.Add(1)
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "CREATE TABLE books (id int, title text); INSERT INTO books VALUES (1, 'Emma'), (2, NULL)")
		return err
	}}, &fills
}

func TestNewDatabase(t *testing.T) {
	t.Parallel()
	t.Run("fills_a_template_once_for_many_tests_at_once", func(t *testing.T) {
		t.Parallel()
		tpl, fills := filled(t.Name() + fmt.Sprint(time.Now().UnixNano()))
		var wg sync.WaitGroup
		var names sync.Map
		for range 8 {
			wg.Go(func() {
				db := NewDatabase(t, tpl)
				names.Store(db.Name(), true)
				if n := db.QueryInt(t, "SELECT count(*) FROM books"); n != 2 {
					t.Errorf("%d books", n)
				}
				db.Exec(t, "DELETE FROM books")
			})
		}
		wg.Wait()
		count := 0
		names.Range(func(any, any) bool { count++; return true })
		if fills.Load() != 1 || count != 8 {
			t.Errorf("filled %d times for %d databases", fills.Load(), count)
		}
	})
	t.Run("is_empty_without_a_template", func(t *testing.T) {
		t.Parallel()
		db := NewDatabase(t, Template{})
		if n := db.QueryInt(t, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"); n != 0 {
			t.Errorf("%d relations", n)
		}
	})
	t.Run("drops_the_database_with_whatever_is_connected", func(t *testing.T) {
		t.Parallel()
		var db *Database
		var conn *pgx.Conn
		t.Run("inner", func(t *testing.T) {
			db = NewDatabase(t, Template{})
			var err error
			if conn, err = pgx.Connect(t.Context(), db.URL()); err != nil {
				t.Fatal(err)
			}
			db.Exec(t, "CREATE TABLE x()")
		})
		if err := conn.Ping(t.Context()); err == nil {
			t.Error("a connection to a dropped database works")
		}
		conn.Close(t.Context())
		other := NewDatabase(t, Template{})
		if n := other.QueryInt(t, "SELECT count(*) FROM pg_database WHERE datname = $1", db.Name()); n != 0 {
			t.Error("it is still there")
		}
	})
	t.Run("makes_a_half_made_template_anew", func(t *testing.T) {
		t.Parallel()
		tpl, fills := filled(t.Name() + fmt.Sprint(time.Now().UnixNano()))
		ok := tpl.Fill
		tpl.Fill = func(ctx context.Context, url string) error {
			return errors.Join(ok(ctx, url), errors.New("the power went"))
		}
		server := serverURL(t)
		admin, err := pgx.Connect(t.Context(), server.String())
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close(context.Background())
		if _, err := tpl.ensure(t.Context(), admin, server); err == nil || !strings.Contains(err.Error(), "the power went") {
			t.Errorf("error %v", err)
		}
		tpl.Fill = ok
		db := NewDatabase(t, tpl)
		if n := db.QueryInt(t, "SELECT count(*) FROM books"); n != 2 || fills.Load() != 2 {
			t.Errorf("%d books, %d fills", n, fills.Load())
		}
	})
	t.Run("names_a_Fill_that_left_connections_open", func(t *testing.T) {
		t.Parallel()
		var left *pgx.Conn
		tpl := Template{Key: t.Name() + fmt.Sprint(time.Now().UnixNano()), Fill: func(ctx context.Context, url string) (err error) {
			left, err = pgx.Connect(context.Background(), url)
			return err
		}}
		server := serverURL(t)
		admin, err := pgx.Connect(t.Context(), server.String())
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close(context.Background())
		if _, err := tpl.ensure(t.Context(), admin, server); err == nil || !strings.Contains(err.Error(), "left 1 connections") {
			t.Errorf("error %v", err)
		}
		left.Close(context.Background())
	})
}

func TestDatabaseName(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, test := range []string{"TestA/b c", "Тест/ü", "", strings.Repeat("long/", 50), "TestA/b c"} {
		name := databaseName(test)
		if len(name) > 63 || seen[name] || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%q becomes %q", test, name)
		}
		seen[name] = true
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	t.Run("shows_rows_as_PostgreSQL_writes_them", func(t *testing.T) {
		t.Parallel()
		db := NewDatabase(t, Template{})
		got := db.Rows(t, "SELECT n, NULL, true, ARRAY[n, 2], DATE '2026-02-28', $1::text, '' FROM generate_series(1, 2) n", "ü")
		want := []string{
			"1 | NULL | t | {1,2} | 2026-02-28 | ü | ",
			"2 | NULL | t | {2,2} | 2026-02-28 | ü | ",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := db.Rows(t, "SELECT 1 WHERE false"); got != nil {
			t.Errorf("no rows read as %q", got)
		}
		if got := db.QueryString(t, "SELECT NULL::int"); got != "NULL" {
			t.Errorf("NULL reads as %q", got)
		}
	})
	t.Run("counts_touched_rows", func(t *testing.T) {
		t.Parallel()
		db := NewDatabase(t, Template{})
		db.Exec(t, "CREATE TABLE n (n int); CREATE TABLE m (n int)")
		if got := db.Exec(t, "INSERT INTO n SELECT generate_series(1, $1::int)", 3); got != 3 {
			t.Errorf("%d rows", got)
		}
	})
	t.Run("serves_many_goroutines_and_a_broken_connection", func(t *testing.T) {
		t.Parallel()
		db := NewDatabase(t, Template{})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if got := db.QueryInt(t, "SELECT $1::int", i); got != int64(i) {
					t.Errorf("%d, want %d", got, i)
				}
			})
		}
		wg.Wait()
		pid := db.QueryInt(t, "SELECT pg_backend_pid()")
		other := db.Conn(t)
		if _, err := other.Exec(t.Context(), "SELECT pg_terminate_backend($1, 5000)", pid); err != nil {
			t.Fatal(err)
		}
		_ = db.conn.Ping(t.Context()) // notices
		if again := db.QueryInt(t, "SELECT pg_backend_pid()"); again == pid {
			t.Error("the dead backend answers")
		}
	})
	t.Run("works_in_a_test's_cleanup", func(t *testing.T) {
		t.Parallel()
		db := NewDatabase(t, Template{})
		t.Cleanup(func() {
			if got := db.QueryInt(t, "SELECT 7"); got != 7 {
				t.Errorf("%d", got)
			}
		})
	})
}

func TestRedact_hides_the_password(t *testing.T) {
	t.Parallel()
	if got := redact("postgres://ada:s3cret@h/db"); strings.Contains(got, "s3cret") {
		t.Error(got)
	}
	if got := redact("postgres://ada:s3cret@h:port%/db"); strings.Contains(got, "s3cret") {
		t.Error(got)
	}
}

func TestDatabaseURL_keeps_the_parameters(t *testing.T) {
	t.Parallel()
	server, err := url.Parse("postgres://ada:p%40@h:1/postgres?sslmode=disable&host=%2Ftmp")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := databaseURL(server, "t_x"), "postgres://ada:p%40@h:1/t_x?sslmode=disable&host=%2Ftmp"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
