package retorttest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/retorttest"
)

// A database of the test's own, with a table that a template brings.
func ExampleNewDatabase() {
	books := retorttest.Template{
		Key: "books, version 1",
		Fill: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			_, err = conn.Exec(ctx, "CREATE TABLE books (id int PRIMARY KEY, title text)")
			return err
		},
	}
	test := func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, books)
		db.Exec(t, "INSERT INTO books VALUES (1, $1)", "Emma")
		if got := db.QueryString(t, "SELECT title FROM books"); got != "Emma" {
			t.Errorf("title %q", got)
		}
	}
	_ = test // go test calls it by its name
}
