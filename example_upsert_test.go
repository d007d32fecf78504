package retort_test

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort"
)

// The row with this email is there, the other one is made. However many do the same
// at once, one of them creates it.
func ExampleGetOrCreate() {
	ctx, s, done := exampleSession()
	defer done()

	a := Authors.C
	for _, email := range []string{"jane@example.org", "mary@example.org"} {
		author, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(&Author{Name: "new", Email: email}).OnConflict(&a.Email))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(author.Name, created)
	}
	// Output:
	// Jane Austen false
	// new true
}

// What is there is updated as a whole, by an index that holds for some rows only.
func ExampleConflict_DoUpdateAll() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	emma, err := Books.Where(retort.Eq(&b.Title, "Emma")).One(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	twin := &Book{AuthorID: emma.AuthorID, Title: "Emma", Genre: Novel, Pages: 512, InPrint: true}
	rows, err := Books.Insert(twin).
		OnConflict(&b.AuthorID, &b.Title).Where(retort.Is(retort.Col(&b.InPrint))).
		DoUpdateAll(retort.Increment(&b.Sold, 1)). // but this column by itself
		Rows(ctx, s)
	fmt.Println(rows[0] == emma, emma.Pages, emma.Sold, err)
	// Output: true 512 1 <nil>
}

// The column grows by what is given, whatever it is when the statement runs.
func ExampleIncrement() {
	ctx, s, done := exampleSession()
	defer done()

	c := Counters.C
	for range 3 {
		hit := Counters.Insert(&Counter{Name: "hits", Value: 1}).OnConflict(&c.Name).DoUpdate(retort.Increment(&c.Value, 1))
		if _, err := hit.Exec(ctx, s); err != nil {
			fmt.Println(err)
			return
		}
	}
	hits, err := Counters.Get(ctx, s, "hits")
	fmt.Println(hits.Value, err)
	// Output: 3 <nil>
}

// SQL of one's own has a plan, too; it does not run for it.
func ExampleExplain_raw() {
	ctx, s, done := exampleSession()
	defer done()

	plan, err := retort.Explain(ctx, s, retort.SQL[string]("DELETE FROM books WHERE title = @title", retort.Args{"title": "Emma"}))
	fmt.Println(strings.Contains(plan, "Delete on books"), err)
	fmt.Println(Books.Query().Count(ctx, s))
	// Output:
	// true <nil>
	// 3 <nil>
}
