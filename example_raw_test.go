package retort_test

import (
	"fmt"

	"github.com/retort-go/retort"
)

// Your own SQL is read into structs by column name, or into single values. What
// changes nothing says so, and runs outside of a transaction.
func ExampleSQL() {
	ctx, s, done := exampleSession()
	defer done()

	type length struct {
		Name  string
		Pages int64 `db:"pages_written"`
		Note  *string
	}
	rows, err := retort.SQL[length](`
		SELECT a.name, a.note, sum(b.pages) AS pages_written
		FROM authors a JOIN books b ON b.author_id = a.id
		WHERE b.title = ANY($1)
		GROUP BY a.id ORDER BY a.name`, []string{"Emma", "Agnes Grey"}).ReadOnly().All(ctx, s)
	for _, r := range rows {
		fmt.Println(r.Name, r.Pages, r.Note != nil)
	}
	fmt.Println(err)

	n, err := retort.SQL[int64]("SELECT count(*) FROM books").ReadOnly().One(ctx, s)
	fmt.Println(n, err)
	// Output:
	// Anne Brontë 300 false
	// Jane Austen 100 true
	// <nil>
	// 3 <nil>
}

// Exec opens the session's transaction; Commit and Rollback decide on it.
func ExampleSession_Exec() {
	ctx, s, done := exampleSession()
	defer done()

	n, err := s.Exec(ctx, "UPDATE books SET sold = sold + $1 WHERE genre = $2", 5, Novel)
	fmt.Println(n, err)
	fmt.Println(s.Commit(ctx))
	// Output:
	// 3 <nil>
	// <nil>
}
