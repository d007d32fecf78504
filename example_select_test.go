package retort_test

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/retort-go/retort"
)

// Expressions go into fields of a struct; the compiler checks their types.
func ExampleSelect() {
	ctx, s, done := exampleSession()
	defer done()

	a, b := Authors.C, Books.C
	var row struct {
		Name  string
		Books int64
		Pages *int64 // an author without books has no sum
	}
	rows, err := retort.Select(
		Authors.Query().LeftJoin(Books, retort.EqCol(&b.AuthorID, &a.ID)).GroupBy(&a.ID).OrderBy(retort.Asc(&a.Name)), &row,
		retort.Into(&row.Name, &a.Name),
		retort.Into(&row.Books, retort.CountOf(retort.Col(&b.ID))),
		retort.IntoNull(&row.Pages, retort.Sum[int64](retort.Col(&b.Pages)))).
		All(ctx, s)
	for _, r := range rows {
		fmt.Println(r.Name, r.Books, *r.Pages)
	}
	fmt.Println(err)
	// Output:
	// Anne Brontë 1 300
	// Jane Austen 2 300
	// <nil>
}

// CopyTo writes what a selection reads, as the server sends it.
func ExampleSelection_CopyTo() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	var row struct {
		Title string
		Pages int32
	}
	list := retort.Select(Books.Where(retort.Gt(&b.Pages, 100)).OrderBy(retort.Asc(&b.Pages)), &row,
		retort.Into(&row.Title, &b.Title), retort.Into(&row.Pages, &b.Pages))
	n, err := list.CopyTo(ctx, s, os.Stdout, retort.CopyCSV)
	fmt.Println(n, err)
	// Output:
	// title,pages
	// Persuasion,200
	// Agnes Grey,300
	// 2 <nil>
}

// Several queries, each with a type of its own, in one round trip.
func ExampleTogether() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	var emma *Book
	var authors int64
	var titles []string
	err := retort.Together(ctx, s,
		Books.Where(retort.Eq(&b.Title, "Emma")).OneInto(&emma),
		Authors.Query().CountInto(&authors),
		retort.Values(Books.OrderBy(retort.Asc(&b.Title)), retort.Col(&b.Title)).AllInto(&titles))
	fmt.Println(emma.Pages, authors, titles, err)
	// Output: 100 2 [Agnes Grey Emma Persuasion] <nil>
}

// Analyze runs the statement and undoes what it changed.
func ExampleExplain() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	plan, err := retort.Explain(ctx, s, Books.Where(retort.Eq(&b.Title, "Emma")))
	fmt.Println(strings.Contains(plan, "Scan"), strings.Contains(plan, "actual"), err)

	deleted, err := retort.Explain(ctx, s, Books.Delete().Where(retort.Eq(&b.Title, "Emma")), retort.Analyze())
	fmt.Println(strings.Contains(deleted, "actual"), err)
	n, err := Books.Query().Count(ctx, s)
	fmt.Println(n, err)
	// Output:
	// true false <nil>
	// true <nil>
	// 3 <nil>
}

// An update without a condition says that it means all rows.
func ExampleTable_Update() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	longer := retort.SetExpr(&b.Pages, retort.Col(&b.Pages).Add(retort.Val(int32(1))))
	n, err := Books.Update(longer).Where(retort.Eq(&b.Title, "Emma")).Exec(ctx, s)
	fmt.Println(n, err)
	n, err = Books.Update(retort.Set(&b.InPrint, true)).AllRows().Exec(ctx, s)
	fmt.Println(n, err)
	// Output:
	// 1 <nil>
	// 3 <nil>
}

// Rows that are there are updated, and the others are written, in one statement.
func ExampleTable_Upsert() {
	ctx, s, done := exampleSession()
	defer done()

	a := Authors.C
	rows := []*Author{
		{Name: "Miss Austen", Email: "jane@example.org"},
		{Name: "Mary Shelley", Email: "mary@example.org"},
	}
	n, err := Authors.Upsert(rows, &a.Email).Exec(ctx, s)
	fmt.Println(n, err)
	names, err := retort.Values(Authors.OrderBy(retort.Asc(&a.Email)), retort.Col(&a.Name)).All(ctx, s)
	fmt.Printf("%q %v\n", names, err)
	// Output:
	// 2 <nil>
	// ["Anne Brontë" "Miss Austen" "Mary Shelley"] <nil>
}

// CopyIn is the quickest way in for many rows.
func ExampleTable_CopyIn() {
	ctx, s, done := exampleSession()
	defer done()

	n, err := Authors.CopyIn(ctx, s, slices.Values([]*Author{
		{Name: "Charlotte Brontë", Email: "charlotte@example.org"},
		{Name: "Emily Brontë", Email: "emily@example.org"},
	}))
	fmt.Println(n, err)
	fmt.Println(Authors.Query().Count(ctx, s))
	// Output:
	// 2 <nil>
	// 4 <nil>
}
