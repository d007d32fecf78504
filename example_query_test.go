package retort_test

import (
	"errors"
	"fmt"

	"github.com/retort-go/retort"
)

// A pointer to a field of the stand-in C names the column; a nullable field is
// compared with a plain value.
func ExampleTable_Where() {
	ctx, s, done := exampleSession()
	defer done()

	c := Authors.C
	authors, err := Authors.
		Where(retort.Or(retort.Eq(c.Note, "Hampshire"), retort.HasPrefix(&c.Name, "Anne"))).
		OrderBy(retort.Asc(&c.Name)).
		All(ctx, s)
	for _, a := range authors {
		fmt.Println(a.Name)
	}
	fmt.Println(err)
	// Output:
	// Anne Brontë
	// Jane Austen
	// <nil>
}

// Filters that a request may leave out are no conditions then.
func ExampleOpt() {
	ctx, s, done := exampleSession()
	defer done()

	c := Books.C
	list := func(genre *Genre, longOnly bool) {
		n, err := Books.Where(retort.Opt(&c.Genre, genre), retort.When(longOnly, retort.Gt(&c.Pages, 200))).Count(ctx, s)
		fmt.Println(n, err)
	}
	list(nil, false)
	list(nil, true)
	list(new(Poetry), true)
	// Output:
	// 3 <nil>
	// 1 <nil>
	// 0 <nil>
}

// The parents and their children come in one round trip and of one snapshot.
func ExampleQuery_With() {
	ctx, s, done := exampleSession()
	defer done()

	authors, err := Authors.With(&Authors.C.Books).OrderBy(retort.Desc(&Authors.C.Name)).All(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range authors {
		books, _ := a.Books.All()
		fmt.Println(a.Name, len(books))
	}
	// Output:
	// Jane Austen 2
	// Anne Brontë 1
}

// Pages continue behind the last row that was seen, whatever was added before it.
func ExampleQuery_After() {
	ctx, s, done := exampleSession()
	defer done()

	q := Books.OrderBy(retort.Desc(&Books.C.Pages)) // and the primary key, by itself
	page := q.Limit(2)
	for {
		books, err := page.All(ctx, s)
		if err != nil || len(books) == 0 {
			fmt.Println("end", err)
			break
		}
		for _, b := range books {
			fmt.Println(b.Title)
		}
		fmt.Println("--")
		position, _ := q.Position(s, books[len(books)-1]) // pages and id; a service signs and encodes them
		page = q.Limit(2).After(position...)
	}
	// Output:
	// Agnes Grey
	// Persuasion
	// --
	// Emma
	// --
	// end <nil>
}

// First, One, Count and Exists read no more than they need.
func ExampleQuery_One() {
	ctx, s, done := exampleSession()
	defer done()

	c := Books.C
	emma, err := Books.Where(retort.Eq(&c.Title, "Emma")).One(ctx, s)
	fmt.Println(emma.Pages, err)
	_, err = Books.Query().One(ctx, s)
	fmt.Println(errors.Is(err, retort.ErrTooMany))
	_, err = Books.Where(retort.Eq(&c.Title, "Ulysses")).First(ctx, s)
	fmt.Println(errors.Is(err, retort.ErrNotFound))
	found, err := Books.Where(retort.In(&c.Title, []string{"Emma", "Ulysses"})).Exists(ctx, s)
	fmt.Println(found, err)
	// Output:
	// 100 <nil>
	// true
	// true
	// true <nil>
}

// Iter reads any number of rows in constant memory.
func ExampleQuery_Iter() {
	ctx, s, done := exampleSession()
	defer done()

	pages := int32(0)
	for book, err := range Books.Query().Iter(ctx, s) {
		if err != nil {
			fmt.Println(err) // comes last
			break
		}
		pages += book.Pages
	}
	fmt.Println(pages)
	// Output: 600
}

// Get hands out the object that the session has already.
func ExampleTable_Get() {
	ctx, s, done := exampleSession()
	defer done()

	first, err := Books.OrderBy(retort.Asc(&Books.C.ID)).First(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := Books.Get(ctx, s, first.ID) // no round trip
	fmt.Println(again.Title, again == first, err)
	// Output: Emma true <nil>
}
