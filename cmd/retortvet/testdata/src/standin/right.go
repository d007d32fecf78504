package standin

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/retort-go/retort"
)

// Everything here is right.
func right(today time.Time, in *Book, rows []*Book) {
	c := Books.C
	Books.Where(retort.Eq(&c.Title, "x"), retort.Lt(&c.DueAt, today), retort.Eq(c.Note, "x"), retort.Opt(c.Note, in.Note)).
		OrderBy(retort.Asc(c.Note), retort.Asc(&(*c).Title), retort.Asc(&(c.Dates.DueAt))).
		With(&c.Loans)
	retort.Lt(&c.DueAt, in.DueAt)
	retort.IsNull(&c.Note)
	retort.Contains(c.Note, "x")
	retort.Eq(&c.Grid[1], 2)
	Books.Where().GroupBy(c.Note, &c.Title)
	Books.Insert(in).OnConflict(c.Note, &c.Title)
	retort.Eq(&c.Home.City, "Bath")
	retort.Eq(&Books.As("b").Title, "x")
	_ = c.Title
	_ = *c
	_ = unsafe.Offsetof(c.Title)

	// The stand-in itself goes anywhere, and so do a column's address and slot.
	helper(c)
	c.open()
	matches(c.Note, "x")
	pages(c.Note, &c.Title)
	note := c.Note
	retort.Eq(note, "x")
	byName := map[string]*string{"title": &c.Title, "note": c.Note}
	byName["note"] = c.Note
	columns := []any{c.Note}
	columns = append(columns, c.Note)
	fmt.Println(&c.Title, byName, columns, slot("note"))

	// What is not always a stand-in is none.
	d := Books.C
	for _, d = range rows {
	}
	fmt.Println(d.Title)
	e := Books.C
	e = &Book{}
	e.Title = "x"
	var f *Book
	f.Title = "x"
	for _, row := range rows {
		row.Title = row.Kind.Text()
		fmt.Println(*row, row.Overdue())
	}
	retort.InSessionView(nil, func(b *Book) *string { return pointer(b.Title) })
	g := other()
	g.Title = "x"

	var x struct{ C *Book }
	x.C = in
	x.C.Title = "x"
	timer := time.NewTimer(0)
	<-timer.C
}

func helper(c *Book) retort.Predicate { return retort.Eq(&c.Title, "x") }

func matches(field *string, v string) retort.Predicate { return retort.Eq(field, v) }

func pages(fields ...*string) []retort.Order { return nil }

func pointer(s string) *string { return &s }

func other() *Book { return nil }

func slot(name string) *string {
	c := Books.C
	if name == "note" {
		return c.Note
	}
	return &c.Title
}

func ignored() {
	Books.C.Title = "x" //retortvet:ignore standin the example shows what not to do
	//retortvet:ignore standin the example shows what not to do
	Books.C.Title = "x"
	//retortvet:ignore session of another check
	Books.C.Title = "x" // want `writes to Books.C.Title`
	/* want `gives no reason` */ //retortvet:ignore standin
	Books.C.Title = "x"          // want `writes to Books.C.Title`
}
