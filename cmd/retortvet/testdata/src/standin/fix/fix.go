package fix

import "github.com/retort-go/retort"

type Book struct {
	Title string
	Loans retort.Many[Loan]
}

type Loan struct{ ID int64 }

var Books = retort.NewTable[Book]("books")

func (Book) Define(d *retort.Definition[Book]) {
	d.Index(d.C.Title)                                   // want `passes the value`
	d.ForeignKey([]any{d.C.Title}, []any{Books.C.Title}) // want `passes the value` `passes the value`
}

func with() {
	c := Books.C
	Books.Where().With(c.Loans) // want `passes the value`
}
