package retort_test

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// A selection is a source like a table: its fields are the columns of its C.
func ExampleSub() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	var place struct {
		Title string
		Place int64
	}
	ranked := retort.Sub("ranked", retort.Select(Books.Query(), &place,
		retort.Into(&place.Title, &b.Title),
		retort.Into(&place.Place, retort.RowNumber().Over(retort.Window{Partition: []any{&b.AuthorID}, Order: []retort.Order{retort.Desc(&b.Pages)}}))))
	longest, err := retort.Values(ranked.Where(retort.Eq(&ranked.C.Place, 1)).OrderBy(retort.Asc(&ranked.C.Title)), retort.Col(&ranked.C.Title)).All(ctx, s)
	fmt.Println(longest, err)
	// Output: [Agnes Grey Persuasion] <nil>
}

// A write in WITH, and what it gave back counted, in one statement.
func ExampleCTE() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	var row struct{ Pages int32 }
	gone := retort.CTE("gone", retort.Returning(Books.Delete().Where(retort.Lt(&b.Pages, 250)), &row, retort.Into(&row.Pages, &b.Pages)))
	pages, err := retort.Values(gone.Query(), retort.Coalesce(retort.Sum[int64](retort.Col(&gone.C.Pages)), 0)).One(ctx, s)
	fmt.Println(pages, err)
	// Output: 300 <nil>
}

// All who work for somebody, however far below.
func ExampleRecursive() {
	tb := &exampleTB{}
	defer tb.done()
	eng := retorttest.New(tb, blogging).Engine
	ctx := context.Background()
	s := eng.Session()
	defer s.Close(ctx)
	s.Add(&Person{Name: "ann", Reports: retort.ManyOf(
		&Person{Name: "bob", Reports: retort.ManyOf(&Person{Name: "cid"})},
		&Person{Name: "dan"})}, &Person{Name: "eve"})

	p := people.C
	var row struct {
		ID   int64
		Name string
	}
	below := retort.Recursive("below",
		retort.Select(people.Where(retort.Eq(&p.Name, "ann")), &row, retort.Into(&row.ID, &p.ID), retort.Into(&row.Name, &p.Name)),
		func(self *retort.Table[struct {
			ID   int64
			Name string
		}],
		) retort.RowsOf[struct {
			ID   int64
			Name string
		}] {
			return retort.Select(people.Query().Join(self, retort.EqCol(p.BossID, &self.C.ID)), &row, retort.Into(&row.ID, &p.ID), retort.Into(&row.Name, &p.Name))
		})
	names, err := retort.Values(below.OrderBy(retort.Asc(&below.C.Name)), retort.Col(&below.C.Name)).All(ctx, s)
	fmt.Println(names, err)
	// Output: [ann bob cid dan] <nil>
}

// A filter holds for every query of the session; one that says so lifts it.
func ExampleSession_Filter() {
	ctx, s, done := exampleSession()
	defer done()

	b := Books.C
	s.Filter(
		retort.FilterBy("author", Authors, &Authors.C.Email, "jane@example.org"),
		retort.FilterWhere("short", Books, retort.Lt(&b.Pages, 150)))
	authors, err := Authors.With(&Authors.C.Books).All(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	books, err := authors[0].Books.All()
	fmt.Println(len(authors), len(books), err)
	all, err := Books.Query().Unfiltered("short").Count(ctx, s)
	fmt.Println(all, err)
	// Output:
	// 1 1 <nil>
	// 3 <nil>
}

// A second session sees what the first one does, its filters included.
func ExampleSession_Options() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()
	count := func(s *retort.Session) {
		n, err := Authors.Query().Count(ctx, s)
		fmt.Println(n, err, s.Close(ctx))
	}

	s := eng.Session()
	s.Filter(retort.FilterBy("author", Authors, &Authors.C.Email, "jane@example.org"))
	count(eng.SessionWith(s.Options()))
	count(s)
	count(eng.Session())
	// Output:
	// 1 <nil> <nil>
	// 1 <nil> <nil>
	// 2 <nil> <nil>
}
