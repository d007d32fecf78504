package ddl_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

// createAll runs CreateAll in a transaction of its own and names what it made.
func createAll(ctx context.Context, conn *pgx.Conn, s *schema.Schema) ([]string, error) {
	var created []string
	err := pgx.BeginFunc(ctx, conn, func(pgx.Tx) error {
		result, err := ddl.CreateAll(ctx, &querier{conn: conn}, s)
		for _, st := range result.Created {
			created = append(created, string(st.Kind)+" "+st.Name)
		}
		return err
	})
	return created, err
}

var everything = []string{
	"enum book_status", "enum Odd Type", "function books_of(bigint)", "function refuse_change()",
	"table books", "table authors", "unique index uq_books_title", "index ix_books_status_created_at",
	"index ix_books_printed_on", "foreign key fk_books_author_id_authors",
	"foreign key fk_authors_best_book_books", "trigger books_keep",
}

func TestCreateAll(t *testing.T) {
	t.Parallel()

	t.Run("creates_everything_once", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		want := everything
		for range 3 {
			created, err := createAll(t.Context(), conn, library())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, created); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			want = nil
		}
		exec(t, conn, "INSERT INTO authors (name) VALUES ('Ada'); INSERT INTO books (author_id, title) VALUES (1, 'Notes')")
		if got := text(t, conn, "SELECT books_of(1)::text"); got != "1" {
			t.Errorf("books_of(1) = %s", got)
		}
	})

	t.Run("creates_in_the_first_schema_of_search_path_whatever_its_name", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		exec(t, conn, `CREATE SCHEMA "Odd ""one'.x"; SET search_path TO nope, "Odd ""one'.x", public`)
		for _, want := range [][]string{everything, nil} {
			created, err := createAll(t.Context(), conn, library())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, created); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
		if got := text(t, conn, "SELECT count(*)::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"); got != "0" {
			t.Errorf("%s relations are in the schema public", got)
		}
	})

	t.Run("creates_only_the_missing_table", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		s := library()
		old := *s
		old.Tables = []schema.Table{s.Tables[1]}
		old.Tables[0].ForeignKeys = nil
		old.Objects = old.Objects[1:2]
		if _, err := createAll(t.Context(), conn, &old); err != nil {
			t.Fatal(err)
		}
		exec(t, conn, "INSERT INTO authors (name) VALUES ('Ada')")
		s.Tables[1].ForeignKeys = nil
		created, err := createAll(t.Context(), conn, s)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"function books_of(bigint)", "table books", "unique index uq_books_title", "index ix_books_status_created_at",
			"index ix_books_printed_on", "foreign key fk_books_author_id_authors", "trigger books_keep",
		}
		if diff := cmp.Diff(want, created); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if got := text(t, conn, "SELECT name FROM authors"); got != "Ada" {
			t.Errorf("the row that was there is now %q", got)
		}
	})

	t.Run("creates_a_function_beside_another_one_of_its_name", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		exec(t, conn, "CREATE FUNCTION books_of(text) RETURNS int LANGUAGE sql AS 'SELECT 1'")
		created, err := createAll(t.Context(), conn, library())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(everything, created); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})

	t.Run("knows_a_function_that_keeps_search_path_from_its_creation", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		s := &schema.Schema{Objects: []schema.Object{{
			Kind: schema.Function, Name: "f",
			Create: "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT 1'",
		}}}
		for _, want := range [][]string{{"function f()"}, nil} {
			created, err := createAll(t.Context(), conn, s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, created); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
	})

	t.Run("lets_one_of_many_callers_create", func(t *testing.T) {
		t.Parallel()
		url := newDatabase(t)
		counts := make(chan int, 4)
		for range cap(counts) {
			conn := connect(t, url)
			go func() {
				created, err := createAll(t.Context(), conn, library())
				if err != nil {
					t.Error(err)
				}
				counts <- len(created)
			}()
		}
		total := 0
		for range cap(counts) {
			total += <-counts
		}
		if total != len(everything) {
			t.Errorf("%d things were created, want %d", total, len(everything))
		}
	})

	t.Run("leaves_the_transaction_as_it_was", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		if _, err := createAll(t.Context(), conn, library()); err != nil {
			t.Fatal(err)
		}
		exec(t, conn, "BEGIN; SET LOCAL search_path TO public, pg_temp")
		if _, err := ddl.CreateAll(t.Context(), &querier{conn: conn}, library()); err != nil {
			t.Fatal(err)
		}
		for setting, want := range map[string]string{"search_path": "public, pg_temp", "check_function_bodies": "on"} {
			if got := text(t, conn, "SELECT current_setting('"+setting+"')"); got != want {
				t.Errorf("%s is %q afterwards, was %q", setting, got, want)
			}
		}
		if got := text(t, conn, "SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'retort%'"); got != "0" {
			t.Errorf("%s scratch schemas are left", got)
		}
		exec(t, conn, "COMMIT")
	})

	t.Run("labels_what_it_sends", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		exec(t, conn, "BEGIN")
		q := &querier{conn: conn}
		for range 2 { // the second time it compares
			if _, err := ddl.CreateAll(t.Context(), q, library()); err != nil {
				t.Fatal(err)
			}
		}
		for _, sql := range q.sent {
			if !strings.HasPrefix(sql, "/* retort:create_all */ ") {
				t.Errorf("no label on %s", sql)
			}
		}
	})

	t.Run("creates_nothing_for_nothing", func(t *testing.T) {
		t.Parallel()
		created, err := createAll(t.Context(), connect(t, newDatabase(t)), &schema.Schema{})
		if err != nil || len(created) != 0 {
			t.Errorf("created %v, error %v", created, err)
		}
	})
}

func TestCreateAllRefuses(t *testing.T) {
	t.Parallel()
	object := func(o schema.Object) func(*schema.Schema) {
		return func(s *schema.Schema) { s.Objects = append(s.Objects, o) }
	}
	for _, c := range []struct {
		what, before string
		change       func(s *schema.Schema)
		want         string
	}{
		{
			"every_problem_of_the_schema_at_once", "",
			func(s *schema.Schema) { s.Enums[0].Values, s.Tables[1].Columns[1].Type = nil, "" },
			"ddl: enum book_status: it has no values\nddl: table authors: column name: it has no type",
		},
		{
			"a_higher_isolation_level", "SET default_transaction_isolation TO 'repeatable read'", nil,
			"ddl: CreateAll runs in a transaction at READ COMMITTED, this one is at REPEATABLE READ",
		},
		{
			"a_search_path_of_nothing", "SET search_path TO nope", nil,
			"ddl: there is no schema to create in: search_path names none that exists; " +
				"create one or set search_path in the connection's options",
		},
		{
			"SQL_that_the_server_refuses", "",
			func(s *schema.Schema) { s.Tables[0].Checks[0].Expression = "nope > 1" },
			"ddl: create table books: ERROR: column \"nope\" does not exist (SQLSTATE 42703)",
		},
		{
			"a_function_whose_body_is_wrong", "",
			object(schema.Object{
				Kind: schema.Function, Name: "f",
				Create: "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT nope FROM books'",
			}),
			"ddl: create function f(): ERROR: column \"nope\" does not exist (SQLSTATE 42703)",
		},
		{
			"a_function_that_is_registered_with_other_arguments", "",
			object(schema.Object{
				Kind: schema.Function, Name: "f", Arguments: "int",
				Create: "CREATE FUNCTION f(n bigint) RETURNS bigint LANGUAGE sql AS 'SELECT n'",
			}),
			"ddl: function f(int): its SQL made no function of this name and these argument types; " +
				"check both, and name no schema in the SQL but by {function}",
		},
		{
			"a_trigger_that_is_registered_under_another_name", "",
			func(s *schema.Schema) { s.Objects[2].Name = "nope" },
			"ddl: trigger nope of table books: its SQL made no trigger of this name there; " +
				"check the name and the table, and name no schema in the SQL",
		},
		{
			"a_function_that_names_a_schema", "CREATE SCHEMA other; CREATE TABLE authors()",
			func(s *schema.Schema) {
				s.Objects[1].Create = strings.Replace(s.Objects[1].Create, "refuse_change", "other.refuse_change", 1)
				s.Objects = s.Objects[:2]
			},
			"ddl: function refuse_change(): its SQL made no function of this name and these argument types; " +
				"check both, and name no schema in the SQL but by {function}",
		},
		{
			"to_compare_without_the_privilege",
			"CREATE TABLE authors(); CREATE ROLE plain; GRANT ALL ON SCHEMA public TO plain; SET ROLE plain", nil,
			"ddl: some of the models' tables exist, and comparing them needs a scratch schema " +
				"(GRANT CREATE ON DATABASE, or create the tables by migrations): " +
				"ERROR: permission denied for database {database} (SQLSTATE 42501)",
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, newDatabase(t))
			exec(t, conn, c.before)
			s := library()
			if c.change != nil {
				c.change(s)
			}
			_, err := createAll(t.Context(), conn, s)
			if err == nil {
				t.Fatal("CreateAll accepted it")
			}
			want := strings.ReplaceAll(c.want, "{database}", conn.Config().Database)
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}

	t.Run("to_go_on_when_the_context_is_over", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := ddl.CreateAll(ctx, &querier{conn: conn}, library()); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})

	t.Run("with_the_error_of_the_server_inside", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		exec(t, conn, "CREATE DOMAIN authors AS int")
		_, err := createAll(t.Context(), conn, library())
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "42710" {
			t.Errorf("error %v", err)
		}
	})
}

func TestLockKey(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("retort.create_all"))
	if want := int64(binary.BigEndian.Uint64(sum[:8])); ddl.LockKey != want {
		t.Errorf("LockKey = %d, its derivation gives %d", ddl.LockKey, want)
	}
}
