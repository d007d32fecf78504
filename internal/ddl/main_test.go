package ddl_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/schema"
)

var (
	server    *localpg.Server
	databases atomic.Int64
	update    = flag.Bool("update", false, "write the golden files in testdata anew")
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx := context.Background()
	var err error
	if server, err = localpg.Start(ctx, localpg.Config{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = server.Stop(ctx) }()
	return m.Run()
}

// newDatabase makes an empty database and returns its URL.
func newDatabase(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("ddl_%d", databases.Add(1))
	conn := connect(t, server.URL("postgres"))
	exec(t, conn, "CREATE DATABASE "+name)
	return server.URL(name)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// exec runs statements that are separated by semicolons.
func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func text(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var out string
	if err := conn.QueryRow(t.Context(), sql).Scan(&out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// querier sends as the engine does: one statement at a time, binary results.
type querier struct {
	conn *pgx.Conn
	sent []string
}

func (q *querier) Exec(ctx context.Context, sql string) error {
	q.sent = append(q.sent, sql)
	return q.conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, []int16{1}).Read().Err
}

func (q *querier) Query(ctx context.Context, sql string) ([][]string, error) {
	q.sent = append(q.sent, sql)
	result := q.conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, []int16{1}).Read()
	if result.Err != nil {
		return nil, result.Err
	}
	for _, field := range result.FieldDescriptions {
		if field.DataTypeOID != pgtype.TextOID {
			return nil, fmt.Errorf("column %s of %s is not text", field.Name, sql)
		}
	}
	rows := make([][]string, len(result.Rows))
	for i, row := range result.Rows {
		for j, value := range row {
			if value == nil {
				return nil, fmt.Errorf("column %d of %s is NULL", j, sql)
			}
			rows[i] = append(rows[i], string(value))
		}
	}
	return rows, nil
}

// library is a schema with one of everything.
func library() *schema.Schema {
	return &schema.Schema{
		Enums: []schema.Enum{
			{Name: "book_status", Values: []string{"draft", "in print", "it's gone"}},
			{Name: "Odd Type", Values: []string{`back\slash`}},
		},
		Tables: []schema.Table{books(), {
			Name: "authors",
			Columns: []schema.Column{
				{Name: "id", Type: "bigint", NotNull: true, Identity: schema.IdentityByDefault},
				{Name: "name", Type: "text", NotNull: true},
				{Name: "best_book", Type: "uuid"},
			},
			PrimaryKey: &schema.PrimaryKey{Name: "pk_authors", Columns: []string{"id"}},
			ForeignKeys: []schema.ForeignKey{{
				Name: "fk_authors_best_book_books", Columns: []string{"best_book"}, RefTable: "books",
				RefColumns: []string{"id"}, OnDelete: schema.SetNull, Deferrable: schema.InitiallyDeferred,
			}},
		}},
		Objects: []schema.Object{
			{
				Kind: schema.Function, Name: "books_of", Arguments: "bigint",
				Create: "CREATE FUNCTION books_of(author bigint) RETURNS bigint LANGUAGE sql STABLE AS\n" +
					"$$SELECT count(*) FROM books WHERE author_id = author$$;\n",
			},
			{
				Kind: schema.Function, Name: "refuse_change",
				Create: "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n" +
					"  RAISE EXCEPTION 'public.books keeps its rows';\nEND\n$$",
			},
			{
				Kind: schema.Trigger, Name: "books_keep", Table: "books",
				Create: "CREATE TRIGGER books_keep BEFORE UPDATE OF title OR DELETE ON books FOR EACH ROW\n" +
					"WHEN (OLD.title IN ('x', 'y')) EXECUTE FUNCTION refuse_change('public.books', 'ON public.books ')",
			},
		},
	}
}

func books() schema.Table {
	return schema.Table{
		Name: "books",
		Columns: []schema.Column{
			{Name: "id", Type: "uuid", NotNull: true, Default: "gen_random_uuid()"},
			{Name: "author_id", Type: "bigint", NotNull: true},
			{Name: "title", Type: "varchar(200)", NotNull: true},
			{Name: "status", Type: "book_status", NotNull: true, Default: "'draft'"},
			{Name: "odd", Type: "Odd Type[]"},
			{Name: `sel"ect`, Type: "jsonb", NotNull: true, Default: "'{}' -- nothing"},
			{Name: "created_at", Type: "timestamptz", NotNull: true, Default: "now()"},
			{Name: "printed_on", Type: "date"},
		},
		PrimaryKey: &schema.PrimaryKey{Name: "pk_books", Columns: []string{"id"}},
		Uniques: []schema.Unique{
			{Name: "uq_books_author_id_title", Columns: []string{"author_id", "title"}, Deferrable: schema.InitiallyImmediate},
			{Name: "uq_books_title", Columns: []string{"title"}, Where: "status = 'in print' AND title IN ('x', 'y')"},
		},
		Checks: []schema.Check{
			{Name: "ck_books_title", Expression: "title <> '' AND title NOT IN ('public.', 'books') -- a title"},
		},
		ForeignKeys: []schema.ForeignKey{{
			Name: "fk_books_author_id_authors", Columns: []string{"author_id"}, RefTable: "authors",
			RefColumns: []string{"id"}, OnDelete: schema.Cascade, OnUpdate: schema.Restrict,
		}},
		Indexes: []schema.Index{
			{Name: "ix_books_status_created_at", Parts: schema.Parts("status", "created_at")},
			{Name: "ix_books_printed_on", Parts: schema.Parts("printed_on"), Where: "printed_on IS NOT NULL"},
		},
	}
}

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
