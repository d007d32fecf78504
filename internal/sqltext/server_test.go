package sqltext_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/localpg"
)

var url string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = server.Stop(ctx) }()
	url = server.URL("postgres")
	return m.Run()
}

// query returns the name and the value of the only column of the only row.
func query(t *testing.T, conn *pgconn.PgConn, sql string) (name, value string) {
	t.Helper()
	result := conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
	if result.Err != nil {
		t.Fatalf("%s: %v", sql, result.Err)
	}
	if len(result.Rows) != 1 || len(result.Rows[0]) != 1 {
		t.Fatalf("%s: %d rows", sql, len(result.Rows))
	}
	return result.FieldDescriptions[0].Name, string(result.Rows[0][0])
}

func connect(f *testing.F) *pgconn.PgConn {
	f.Helper()
	conn, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func seed(f *testing.F) {
	for _, s := range []string{
		"", "books", `a"b`, `"`, `""`, "it's", `a\b`, `\`, `\'`, `'; --`, "$1", "$$", "--", "/*", "E'x'",
		"Straße", "語", "a b\n\tc", "%_", strings.Repeat("é", 31), strings.Repeat("x", 64), "a\x00b", "\xff", "U&\"", `\x41\101\u0041`,
	} {
		f.Add(s)
	}
}

func FuzzIdent(f *testing.F) {
	seed(f)
	conn := connect(f)
	f.Fuzz(func(t *testing.T, name string) {
		if sqltext.CheckIdent(name) != nil {
			t.Skip()
		}
		if got, _ := query(t, conn, "SELECT '' AS "+sqltext.Ident(name)); got != name {
			t.Errorf("the server reads %s as %q, want %q", sqltext.Ident(name), got, name)
		}
	})
}

func FuzzLiteral(f *testing.F) {
	seed(f)
	conn := connect(f)
	f.Fuzz(func(t *testing.T, s string) {
		if sqltext.CheckLiteral(s) != nil {
			t.Skip()
		}
		for _, setting := range []string{"on", "off"} {
			query(t, conn, "SELECT set_config('standard_conforming_strings', '"+setting+"', false)")
			if _, got := query(t, conn, "SELECT "+sqltext.Literal(s)); got != s {
				t.Errorf("with standard_conforming_strings %s the server reads %s as %q, want %q",
					setting, sqltext.Literal(s), got, s)
			}
		}
	})
}

func FuzzEscapeLike(f *testing.F) {
	seed(f)
	conn := connect(f)
	f.Fuzz(func(t *testing.T, s string) {
		if sqltext.CheckLiteral(s) != nil {
			t.Skip()
		}
		like := sqltext.Literal(s) + " LIKE " + sqltext.Literal(sqltext.EscapeLike(s))
		if _, got := query(t, conn, "SELECT ("+like+")::text"); got != "true" {
			t.Errorf("%s is %s", like, got)
		}
		other := sqltext.Literal(s+"x") + " LIKE " + sqltext.Literal(sqltext.EscapeLike(s))
		if _, got := query(t, conn, "SELECT ("+other+")::text"); got != "false" {
			t.Errorf("%s is %s", other, got)
		}
	})
}
