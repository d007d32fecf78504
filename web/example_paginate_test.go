package web_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// A list names what a request may sort and filter by; anything else is answered
// with 400. The cursor is signed and good for the list that it was made for.
func ExamplePaginate() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()

	c := Notes.C
	list := web.Paginate([]byte("sixteen bytes or more"), Notes.Query()).Size(2, 50)
	web.SortBy(list, "title", &c.Title)
	web.FilterBy(list, "title", &c.Title)
	web.FilterWith(list, "q", func(q string) retort.Predicate { return retort.Contains(&c.Title, q) })

	s := eng.Session()
	defer s.Close(ctx)
	for _, title := range []string{"milk", "honey", "salt", "malt"} {
		s.Add(&Note{Title: title})
	}
	if err := s.Flush(ctx); err != nil {
		fmt.Println(err)
		return
	}
	show := func(params url.Values) (next string) {
		page, err := list.Read(ctx, s, params)
		if err != nil {
			fmt.Println(web.ProblemOf(err).Status)
			return ""
		}
		for _, note := range page.Items {
			fmt.Print(note.Title, " ")
		}
		fmt.Println(page.Next != "")
		return page.Next
	}
	next := show(url.Values{"sort": {"-title"}})
	show(url.Values{"sort": {"-title"}, "cursor": {next}})
	show(url.Values{"q": {"al"}})
	show(url.Values{"title": {"honey"}})
	show(url.Values{"title": {"honey"}, "cursor": {next}}) // of another list
	show(url.Values{"sort": {"version"}})                  // not allowed
	// Output:
	// salt milk true
	// malt honey false
	// malt salt false
	// honey false
	// 400
	// 400
}

// An order of its own, and the words of an API that is there already.
func ExamplePages_Names() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()

	c := Notes.C
	list := web.Paginate([]byte("sixteen bytes or more"), Notes.Query()).Names(web.PageNames{Limit: "per_page", Cursor: "after"})
	web.SortBy(list, "title", &c.Title)
	web.SortBy(list, "version", &c.Version.Version)
	list.DefaultSort("-version")

	s := eng.Session()
	defer s.Close(ctx)
	s.Add(&Note{Title: "milk"})
	if err := s.Flush(ctx); err != nil {
		fmt.Println(err)
		return
	}
	page, err := list.Read(ctx, s, url.Values{"per_page": {"10"}})
	fmt.Println(len(page.Items), page.Next == "", err)
	_, err = list.Read(ctx, s, url.Values{"after": {"of another list"}})
	fmt.Println(web.ProblemOf(err).Errors)
	// Output:
	// 1 true <nil>
	// [{query.after is not a cursor of this list in this order; begin without one}]
}
