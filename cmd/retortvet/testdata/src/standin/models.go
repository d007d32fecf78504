package standin

import (
	"time"

	"github.com/retort-go/retort"
)

type Dates struct {
	DueAt      time.Time
	ExtendedAt time.Time
}

type Address struct{ City string }

type Book struct {
	Dates
	ID      int64
	Title   string
	Note    *string
	Pages   int
	Tags    []string
	Extra   map[string]string
	Grid    [2]int
	InPrint bool
	Home    Address
	Kind    Kind
	Loans   retort.Many[Loan]
}

type Kind string

func (k Kind) Text() string { return string(k) }

type Loan struct {
	ID     int64
	BookID int64
	Second *int64
}

var (
	Books = retort.NewTable[Book]("books")
	Loans = retort.NewTable[Loan]("loans")

	books = Books.C
)

func (b *Book) open() retort.Predicate { return retort.Eq(&b.InPrint, true) }

func (b Book) Overdue() bool { return b.Pages > 0 }

func (b Book) Define(d *retort.Definition[Book]) {
	d.Index(&d.C.Title, &d.C.DueAt, d.C.Note)
	d.Index(d.C.Title)                                            // want `passes the value of d.C.Title to Definition.Index, but a field of a stand-in names its column by address and never holds a value: write &d.C.Title`
	d.Column(d.C.Pages)                                           // want `passes the value of d.C.Pages to Definition.Column`
	d.Column((d.C.Home))                                          // want `passes the value of d.C.Home to Definition.Column`
	d.ForeignKey([]any{&d.C.ID, d.C.Note}, []any{Loans.C.BookID}) // want `passes the value of Loans.C.BookID to Definition.ForeignKey`
	if d.C.InPrint {                                              // want `reads d.C.InPrint`
		d.Check("x", d.C.Title) // want `passes d.C.Title to Definition.Check as a value`
	}
	retort.HasMany(d, &d.C.Loans, Loans, func(c *Loan) *int64 { return &c.BookID })
	retort.HasMany(d, &d.C.Loans, Loans, func(c *Loan) *int64 { return c.Second })
	retort.HasMany(d, &d.C.Loans, Loans, func(c *Loan) *int64 {
		id := c.BookID // want `reads c.BookID`
		return &id
	})
	retort.HasMany(d, &d.C.Loans, Loans, loanBook)
}

func loanBook(l *Loan) *int64 {
	l.ID++ // want `writes to l.ID`
	return &l.BookID
}
